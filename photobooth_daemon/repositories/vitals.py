"""The figures of the whole installation that every process shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model.audit import HEAD_PUT_BACK
from photobooth_daemon.repositories.media import BEFORE_ALL_IDS


class VitalsRepository:
    """Reads sums that are cheap enough to read again and again."""

    def __init__(self, database: Database, *, files_at_once: int = 50_000) -> None:
        self._database = database
        self._files_at_once = files_at_once

    async def ping(self) -> None:
        """Ask the database for nothing.

        Raises:
            DatabaseUnavailable: it does not answer.
        """
        async with self._database.connection() as connection:
            await connection.fetchval("SELECT 1")

    async def media_bytes(self) -> Mapping[str, int]:
        """Return the bytes of stored files by kind, from the rows that speak of them.

        They are added up a part at a time, so that no number of them takes a statement too long.
        """
        total: Counter[str] = Counter()
        last: UUID | None = BEFORE_ALL_IDS
        while last is not None:
            async with self._database.connection() as connection:
                rows = await connection.fetch(_PART_OF_MEDIA, last, self._files_at_once)
            total.update({row["kind"]: row["bytes"] for row in rows})
            last = rows[0]["last"] if rows else None
        async with self._database.connection() as connection:
            templates: int = await connection.fetchval(
                "SELECT coalesce(sum(size_bytes), 0)::bigint FROM template_media"
            )
        return {**total, "template": templates}

    async def count_queued_reruns(self) -> int:
        """Return how many photos wait to be made again."""
        async with self._database.connection() as connection:
            number: int = await connection.fetchval(
                "SELECT count(*) FROM rerun WHERE state = 'queued'"
            )
        return number

    async def last_backup_at(self) -> datetime | None:
        """Return when a backup last succeeded."""
        async with self._database.connection() as connection:
            at: datetime | None = await connection.fetchval(
                "SELECT max(finished_at) FROM backup_run WHERE succeeded"
            )
        return at

    async def audit_head_was_put_back(self, since: datetime) -> bool:
        """Return whether the audit log's head is behind its entries, or was found so lately."""
        async with self._database.connection() as connection:
            found: bool = await connection.fetchval(
                """
                SELECT (SELECT coalesce(max(audit_id), 0) FROM audit_log)
                       > (SELECT audit_id FROM audit_head)
                    OR EXISTS (SELECT FROM audit_log WHERE action = $1 AND at > $2)
                """,
                HEAD_PUT_BACK,
                since,
            )
        return found

    async def bytes_of_busiest_hour(self, now: datetime) -> int:
        """Return the most bytes that were stored within one hour of the last day.

        Read from what was counted, so that a hundred thousand photos take no longer: previews,
        a twentieth, are left out, and where any event keeps all originals all count as kept.
        """
        async with self._database.connection() as connection:
            busiest: int | None = await connection.fetchval(
                """
                SELECT max(hour.bytes)::bigint FROM (
                    SELECT sum(result_bytes + CASE WHEN originals.kept THEN input_bytes ELSE 0 END)
                               AS bytes
                      FROM job_rollup
                     CROSS JOIN (SELECT EXISTS (SELECT FROM event WHERE keep_originals = 'all'
                                                  AND ends_at > $1) AS kept) AS originals
                     WHERE stretch_seconds = 900 AND stretch_at > $1
                     GROUP BY date_bin('1 hour', stretch_at, 'epoch')) AS hour
                """,
                now - timedelta(days=1),
            )
        return busiest or 0

    async def clock_skew_seconds(self, clock: Clock) -> float:
        """Return by how much the database's clock is ahead of ours; negative if behind."""
        async with self._database.connection() as connection:
            before = clock.utcnow()
            theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
            after = clock.utcnow()
        if before <= theirs <= after:
            return 0.0
        return (theirs - (before + (after - before) / 2)).total_seconds()


_PART_OF_MEDIA = """
    WITH part AS MATERIALIZED (
        SELECT media_id AS last FROM media_object
         WHERE cleaned_at IS NULL AND media_id > $1
         ORDER BY media_id OFFSET $2::integer - 1 LIMIT 1)
    SELECT kind, sum(size_bytes)::bigint AS bytes, (SELECT last FROM part) AS last
      FROM media_object
     WHERE cleaned_at IS NULL AND media_id > $1
       AND media_id <= coalesce((SELECT last FROM part), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
     GROUP BY kind
"""
