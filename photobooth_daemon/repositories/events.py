"""Events: the evenings, and how their photos ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model.events import (
    Corner,
    Event,
    EventCounts,
    Gallery,
    GuestLook,
    KeepOriginals,
    RerunMode,
    Stamp,
)

_NAMES = (
    "event_id", "version", "name", "starts_at", "ends_at", "slot_ids", "frozen",
    "gallery_enabled", "gallery_token", "gallery_pin_hash", "gallery_archive", "guest",
    "logo_media_id", "stamp", "keep_originals", "rerun", "result_ttl_hours", "silent_minutes",
    "updated_at", "updated_by",
)  # fmt: skip
_PREFIX = "event__"
PHOTOS_OF_A_WORKING_BOOTH = 5
EVENT_COLUMNS = ", ".join(f"event.{name} AS {_PREFIX}{name}" for name in _NAMES)
"""With names that fit beside those of other tables, for :func:`event_of`."""


def event_of(row: Row) -> Event | None:
    """Return the event of a row that has :data:`EVENT_COLUMNS`; None where a join found none."""
    found = {name: row[_PREFIX + name] for name in _NAMES}
    if found["event_id"] is None:
        return None
    stamp = found["stamp"]
    return Event(
        event_id=found["event_id"],
        version=found["version"],
        name=found["name"],
        starts_at=found["starts_at"],
        ends_at=found["ends_at"],
        slot_ids=tuple(found["slot_ids"]),
        frozen=found["frozen"],
        gallery=Gallery(
            token=found["gallery_token"],
            enabled=found["gallery_enabled"],
            pin_hash=found["gallery_pin_hash"],
            archive=found["gallery_archive"],
        ),
        guest=GuestLook(**found["guest"], logo_media_id=found["logo_media_id"]),
        stamp=stamp and Stamp(Corner(stamp["corner"]), stamp["size_percent"], stamp["text"]),
        keep_originals=KeepOriginals(found["keep_originals"]),
        rerun=RerunMode(found["rerun"]),
        result_ttl_hours=found["result_ttl_hours"],
        silent_minutes=found["silent_minutes"],
        updated_at=found["updated_at"],
        updated_by=found["updated_by"],
    )


class EventRepository:
    """Reads and writes events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, event_id: UUID) -> Event | None:
        """Return one event."""
        return await self._find("event.event_id = $1", event_id)

    async def find_by_gallery(self, token: str) -> Event | None:
        """Return the event that a gallery's link belongs to."""
        return await self._find("event.gallery_token = $1", token)

    async def list_newest(self, before: tuple[datetime, UUID] | None, limit: int) -> list[Event]:
        """Return events, those that begin last first, after the place ``before``."""
        starts_at, event_id = before or (None, None)
        return await self._list(
            "$1::timestamptz IS NULL OR (event.starts_at, event.event_id) < ($1, $2)"
            " ORDER BY event.starts_at DESC, event.event_id DESC LIMIT $3",
            starts_at,
            event_id,
            limit,
        )

    async def list_running(self, now: datetime) -> list[Event]:
        """Return the events that run at an instant, by their beginning."""
        return await self._list(f"{_RUNNING.format(1)} ORDER BY event.starts_at", now)

    async def list_silent(self, now: datetime) -> list[tuple[str, int]]:
        """Return the slots of running events that had gone well and send nothing any more.

        Five photos make a booth that worked; its own silence counts only while another of the
        event works. With each slot: for how many minutes it has been silent.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                WITH booth AS (
                    SELECT event.event_id, make_interval(mins => silent_minutes) AS patience,
                           slot.slot_id, newest.photos, newest.last_at
                      FROM event
                      JOIN slot ON slot.slot_id = ANY(event.slot_ids) OR event.slot_ids = '{{}}'
                     CROSS JOIN LATERAL (
                           SELECT count(*) AS photos, max(started_at) AS last_at
                             FROM (SELECT started_at FROM job_history AS job
                                    WHERE job.slot_id = slot.slot_id
                                      AND job.started_at >= event.starts_at
                                      AND job.event_id = event.event_id AND job.source = 'ingest'
                                    ORDER BY job.started_at DESC, job.job_id DESC
                                    LIMIT {PHOTOS_OF_A_WORKING_BOOTH}) AS last_photos) AS newest
                     WHERE {_RUNNING.format(1)} AND silent_minutes IS NOT NULL
                       AND newest.photos > 0)
                SELECT slot_id, floor(extract(epoch FROM $1 - last_at) / 60)::integer AS minutes
                  FROM booth
                 WHERE photos >= {PHOTOS_OF_A_WORKING_BOOTH} AND last_at <= $1 - patience
                   AND EXISTS (SELECT FROM booth AS other
                                WHERE other.event_id = booth.event_id
                                  AND other.last_at > $1 - other.patience)
                 ORDER BY slot_id
                """,  # noqa: S608
                now,
            )
        return [(row["slot_id"], row["minutes"]) for row in rows]

    async def lock_all(self, connection: asyncpg.Connection) -> None:
        """Keep other writers of events away, so that two never get one slot at one time."""
        await connection.execute("LOCK TABLE event IN SHARE ROW EXCLUSIVE MODE")

    async def lock(self, connection: asyncpg.Connection, event_id: UUID) -> Event | None:
        """Return one event and keep other writers of it away until the transaction ends."""
        row = await connection.fetchrow(
            f"SELECT {EVENT_COLUMNS} FROM event WHERE event_id = $1 FOR UPDATE",  # noqa: S608
            event_id,
        )
        return event_of(row) if row is not None else None

    async def hold_running(self, connection: asyncpg.Connection, now: datetime) -> list[Event]:
        """Return the frozen events that run; they stay as they are until the transaction ends."""
        rows = await connection.fetch(
            f"SELECT {EVENT_COLUMNS} FROM event WHERE {_RUNNING.format(1)} AND frozen"  # noqa: S608
            " ORDER BY event.starts_at FOR SHARE",
            now,
        )
        return _events(rows)

    async def list_overlapping(self, connection: asyncpg.Connection, event: Event) -> list[Event]:
        """Return the other events that have one of its slots at one time with it."""
        rows = await connection.fetch(
            f"""
            SELECT {EVENT_COLUMNS} FROM event
             WHERE event_id <> $1 AND starts_at < $3 AND $2 < ends_at
               AND (slot_ids && $4 OR slot_ids = '{{}}' OR $4 = '{{}}'::text[])
             ORDER BY starts_at
            """,  # noqa: S608
            event.event_id,
            event.starts_at,
            event.ends_at,
            list(event.slot_ids),
        )
        return _events(rows)

    async def insert(self, connection: asyncpg.Connection, event: Event) -> None:
        """Add an event."""
        values = _values(event)
        places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
        await connection.execute(
            f"INSERT INTO event ({', '.join(values)}) VALUES ({places})",  # noqa: S608
            *values.values(),
        )

    async def save(self, connection: asyncpg.Connection, event: Event) -> None:
        """Replace an event's row."""
        values = _values(event)
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, start=1))
        await connection.execute(
            f"UPDATE event SET {sets} WHERE event_id = $1",  # noqa: S608
            *values.values(),
        )

    async def delete(self, connection: asyncpg.Connection, event_id: UUID) -> None:
        """Delete an event's row; its jobs are nobody's from then on."""
        await connection.execute("DELETE FROM event WHERE event_id = $1", event_id)

    async def counts(self, event_ids: Collection[UUID]) -> dict[UUID, EventCounts]:
        """Return how the cameras' photos of each of these events ended so far."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT event_id, sum(photos)::integer AS photos,
                       coalesce(sum(photos) FILTER (WHERE status = 'done'), 0)::integer AS done,
                       coalesce(sum(photos) FILTER (WHERE status = 'failed'), 0)::integer AS failed,
                       coalesce(sum(photos) FILTER (WHERE status = 'timeout'), 0)::integer
                           AS timeout,
                       sum(fallback)::integer AS fallback
                  FROM (SELECT event_id, status, photos, fallback
                          FROM event_count WHERE event_id = ANY($1)
                         UNION ALL
                        SELECT event_id, status, 1, 0
                          FROM job_history
                         WHERE status = 'pending' AND event_id = ANY($1) AND source = 'ingest'
                       ) AS counted
                 GROUP BY event_id
                """,
                list(event_ids),
            )
        found = {row["event_id"]: EventCounts(*tuple(row)[1:]) for row in rows}
        return {event_id: found.get(event_id, EventCounts()) for event_id in event_ids}

    async def _find(self, where: str, *values: Any) -> Event | None:
        found = await self._list(where, *values)
        return found[0] if found else None

    async def _list(self, where: str, *values: Any) -> list[Event]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {EVENT_COLUMNS} FROM event WHERE {where}",  # noqa: S608
                *values,
            )
        return _events(rows)


_RUNNING = "event.starts_at <= ${0} AND ${0} < event.ends_at"


def _events(rows: Iterable[Row]) -> list[Event]:
    return [event for row in rows if (event := event_of(row)) is not None]


def _values(event: Event) -> Mapping[str, Any]:
    guest = asdict(event.guest)
    logo_media_id = guest.pop("logo_media_id")
    return {
        "event_id": event.event_id,
        "version": event.version,
        "name": event.name,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "slot_ids": list(event.slot_ids),
        "frozen": event.frozen,
        "gallery_enabled": event.gallery.enabled,
        "gallery_token": event.gallery.token,
        "gallery_pin_hash": event.gallery.pin_hash,
        "gallery_archive": event.gallery.archive,
        "guest": guest,
        "logo_media_id": logo_media_id,
        "stamp": None if event.stamp is None else asdict(event.stamp),
        "keep_originals": event.keep_originals.value,
        "rerun": event.rerun.value,
        "result_ttl_hours": event.result_ttl_hours,
        "silent_minutes": event.silent_minutes,
        "updated_at": event.updated_at,
        "updated_by": event.updated_by,
    }
