"""Rows that are deleted once nobody can ask for them any more, in small batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from photobooth_daemon.database.pool import Database
from photobooth_daemon.repositories.report_cells import KEPT_DAYS
from photobooth_daemon.repositories.stats import KEPT_HOURS

LIVE_MESSAGE_LIFE = timedelta(hours=1)
PROCESS_LIFE = timedelta(days=1)


_LEFT_BY_ALL = """
    status <> 'pending'
    AND NOT EXISTS (SELECT FROM job_history AS again
                     WHERE again.job_id = job_history.rerun_by
                       AND coalesce(again.result_expires_at, again.started_at) >= $1)
    AND NOT EXISTS (SELECT FROM media_object
                     WHERE media_object.job_id = job_history.job_id
                       AND media_object.cleaned_at IS NULL)
"""
"""Of a job that has no file any more, and that no job which made it again needs."""


@dataclass(frozen=True, slots=True)
class Prune:
    """One kind of row, and when it may go: ``$1`` in ``where`` is the instant ``older_than``."""

    kind: str
    table: str
    where: str
    older_than: datetime


def list_prunes(now: datetime, history: timedelta) -> list[Prune]:
    """Return every kind of row that grows, in the order in which to delete them."""
    return [
        # Each by an index of its own; results that may still be asked for (410) stay.
        *(
            Prune("jobs", "job_history", f"{over} AND {_LEFT_BY_ALL}", now - history)
            for over in (
                "result_expires_at < $1 AND started_at < $1",
                "result_expires_at IS NULL AND started_at < $1 AND finished_at < $1",
            )
        ),
        Prune(
            "events",
            "event",
            """
            ends_at < $1
            AND NOT EXISTS (SELECT FROM job_history WHERE job_history.event_id = event.event_id)
            """,
            now - history,
        ),
        Prune("revoked_tokens", "revoked_token", "expires_at <= $1", now),
        # Those with more than ten have something to tell first (administration/throttle.py).
        Prune(
            "attempt_counters", "attempt_counter", "window_ends_at <= $1 AND attempts <= 10", now
        ),
        Prune("statistics", "job_spending", "day < ($1 AT TIME ZONE 'UTC')::date - 1", now),
        Prune(
            "statistics",
            "report_quarter",
            "at < $1",
            now - min(history, timedelta(days=KEPT_DAYS)),
        ),
        Prune("live_messages", "live_message", "at < $1", now - LIVE_MESSAGE_LIFE),
        Prune("cleanup_runs", "cleanup_run", "started_at < $1", now - history),
        Prune("daemon_processes", "daemon_process", "seen_at < $1", now - PROCESS_LIFE),
        Prune("backup_runs", "backup_run", "started_at < $1", now - history),
        Prune("maintenance_windows", "maintenance_window", "ends_at < $1", now - history),
        *(
            Prune("statistics", table, f"stretch_seconds = {seconds} AND stretch_at < $1", before)
            for table, stretches in KEPT_HOURS.items()
            for seconds, hours in stretches.items()
            for before in [now - timedelta(hours=hours)]
        ),
    ]


class PruneRepository:
    """Counts and deletes the rows of a :class:`Prune`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, prune: Prune) -> int:
        """Return how many rows there are to delete."""
        async with self._database.connection() as connection:
            count: int = await connection.fetchval(
                f"SELECT count(*) FROM {prune.table} WHERE {prune.where}",  # noqa: S608
                prune.older_than,
            )
        return count

    async def delete(self, prune: Prune, limit: int) -> int:
        """Delete at most ``limit`` rows and return how many there were."""
        async with self._database.connection() as connection:
            status: str = await connection.execute(
                f"DELETE FROM {prune.table} WHERE ctid = ANY(ARRAY("  # noqa: S608
                f"SELECT ctid FROM {prune.table} WHERE {prune.where} LIMIT $2))",
                prune.older_than,
                limit,
            )
        return int(status.rpartition(" ")[2])
