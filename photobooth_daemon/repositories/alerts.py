"""Who watches, what was announced, when to be quiet, and the records that alerts come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import CONFIGURATION_REASONS
from photobooth_daemon.model.alerts import Condition, Entry, Records, SlotFigures

WINDOW = timedelta(minutes=10)
LONGEST_PHOTO = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A stretch of time in which alerts are quiet."""

    window_id: int
    starts_at: datetime
    ends_at: datetime
    reason: str
    opened_by: str


class AlertRepository:
    """Reads and writes everything about alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_watch(self, holder: UUID, now: datetime, lease: timedelta) -> bool:
        """Take or keep the watch; False while another process has it."""
        async with self._database.connection() as connection:
            taken = await connection.fetchval(
                """
                INSERT INTO alert_watch AS watch (holder, lease_ends_at) VALUES ($1, $3)
                ON CONFLICT (singleton) DO UPDATE
                   SET holder = excluded.holder, lease_ends_at = excluded.lease_ends_at
                 WHERE watch.holder = $1
                    -- Run out, or so far ahead that it was taken before the clock was set back.
                    OR watch.lease_ends_at NOT BETWEEN $2 AND $4
                RETURNING true
                """,
                holder,
                now,
                now + lease,
                now + 2 * lease,
            )
        return taken is not None

    async def give_up_watch(self, holder: UUID) -> None:
        """Let another process take the watch at once."""
        async with self._database.connection() as connection:
            await connection.execute("DELETE FROM alert_watch WHERE holder = $1", holder)

    async def list_announced(self) -> list[Entry]:
        """Return the alerts that people have been told of and that are not over."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT name, subject, facts, since, announced_at FROM alert ORDER BY since"
            )
        return [
            Entry(
                Condition(row["name"], row["subject"], row["facts"]),
                since=row["since"],
                announced_at=row["announced_at"],
            )
            for row in rows
        ]

    async def save_announced(self, entries: Sequence[Entry]) -> None:
        """Make these the alerts that people have been told of."""
        announced = [entry for entry in entries if entry.announced_at is not None]
        async with self._database.transaction() as connection:
            await connection.execute("DELETE FROM alert")
            await connection.executemany(
                "INSERT INTO alert (name, subject, facts, since, announced_at)"
                " VALUES ($1, $2, $3, $4, $5)",
                [
                    (
                        entry.condition.name,
                        entry.condition.subject,
                        dict(entry.condition.facts),
                        entry.since,
                        entry.announced_at,
                    )
                    for entry in announced
                ],
            )

    async def list_windows(self, now: datetime) -> list[MaintenanceWindow]:
        """Return the maintenance windows that are open or to come."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                """
                SELECT window_id, starts_at, ends_at, reason, opened_by
                  FROM maintenance_window WHERE ends_at > $1 ORDER BY starts_at
                """,
                now,
            )
        return [MaintenanceWindow(**dict(row)) for row in rows]

    async def open_window(
        self, starts_at: datetime, ends_at: datetime, reason: str, opened_by: str
    ) -> None:
        """Keep alerts quiet for a stretch of time."""
        async with self._database.connection() as connection:
            await connection.execute(
                "INSERT INTO maintenance_window (starts_at, ends_at, reason, opened_by)"
                " VALUES ($1, $2, $3, $4)",
                starts_at,
                ends_at,
                reason,
                opened_by,
            )

    async def close_windows(self, connection: asyncpg.Connection, now: datetime) -> int:
        """End the windows that are open and call off those to come; return how many."""
        status: str = await connection.execute(
            """
            UPDATE maintenance_window
               SET starts_at = least(starts_at, $1), ends_at = $1 WHERE ends_at > $1
            """,
            now,
        )
        return int(status.rpartition(" ")[2])

    async def records(
        self, now: datetime, cleanup_expected_since: datetime, *, login_attempts: int
    ) -> Records:
        """Return what the tables tell of the last ten minutes."""
        async with self._database.connection() as connection:
            slots = await connection.fetch(
                """
                SELECT slot_id, count(*) AS jobs,
                       count(*) FILTER (WHERE status = 'timeout') AS timeouts,
                       count(*) FILTER (WHERE status = 'failed') AS failures,
                       percentile_cont(0.95) WITHIN GROUP (ORDER BY
                           extract(epoch FROM finished_at - started_at)::float8
                           / greatest(extract(epoch FROM deadline_at - started_at)::float8, 1.0)
                       ) AS window_used_p95
                  FROM job_history
                 WHERE started_at > $1 AND finished_at > $2 AND source = 'ingest'
                 GROUP BY slot_id ORDER BY slot_id
                """,
                now - WINDOW - LONGEST_PHOTO,
                now - WINDOW,
            )
            failures = await connection.fetch(
                """
                SELECT DISTINCT attempt ->> 'provider' AS provider, attempt ->> 'reason' AS reason
                  FROM job_history, jsonb_array_elements(attempts) AS attempt
                 WHERE started_at > $1 AND attempt ->> 'reason' = ANY($2)
                 ORDER BY 1, 2
                """,
                now - WINDOW,
                list(CONFIGURATION_REASONS),
            )
            wrong = await connection.fetch(
                """
                SELECT CASE scope WHEN 'ingest_password' THEN 'ingest' ELSE 'login' END AS kind,
                       max(attempts)::integer AS attempts, bool_or(locked_out) AS locked_out
                  FROM (SELECT scope, sum(attempts) AS attempts,
                               bool_or(scope = 'login_of_user' AND attempts >= $2) AS locked_out
                          FROM attempt_counter WHERE window_ends_at > $1 GROUP BY scope
                       ) AS counted
                 GROUP BY 1
                """,
                now,
                login_attempts,
            )
            last = await connection.fetchrow(
                """
                SELECT (SELECT max(started_at) FROM cleanup_run WHERE succeeded) AS success_at,
                       (SELECT succeeded FROM cleanup_run WHERE finished_at IS NOT NULL
                         ORDER BY run_id DESC LIMIT 1) AS succeeded,
                       (SELECT max(finished_at) FROM backup_run WHERE succeeded) AS backup_at
                """
            )
        return Records(
            slots=tuple(SlotFigures(*row.values()) for row in slots),
            configuration_failures=tuple((row["provider"], row["reason"]) for row in failures),
            wrong_passwords={row["kind"]: row["attempts"] for row in wrong},
            locked_out=frozenset(row["kind"] for row in wrong if row["locked_out"]),
            cleanup_expected_since=cleanup_expected_since,
            last_cleanup_success_at=last["success_at"],
            last_cleanup_succeeded=last["succeeded"],
            last_backup_success_at=last["backup_at"],
        )
