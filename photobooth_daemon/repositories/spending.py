"""What photos have cost, and what those in work may still cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from photobooth_daemon.database.advisory_lock import AdvisoryLock
from photobooth_daemon.database.pool import Database


@dataclass(frozen=True, slots=True)
class Reservation:
    """Whether money was set aside, and what was used of the day before that."""

    granted: bool
    used_of_slot: float
    used_of_all: float


class SpendingRepository:
    """Reads what ``sql/`` counted of jobs as they ended, and reserves for those in work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent_on(self, day: date) -> dict[str, float]:
        """Return each slot's cost of the jobs that began on a day of UTC, trials included."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT slot_id, cost::float8 AS spent FROM job_spending WHERE day = $1", day
            )
        return {row["slot_id"]: row["spent"] for row in rows}

    async def reserve(
        self,
        job_id: UUID,
        day: date,
        *,
        spent: float,
        more: float,
        cap_of_slot: float | None,
        cap_of_all: float | None,
    ) -> Reservation:
        """Set money aside for a job's next call, unless what it counts towards is used up.

        That is what was spent on that day, what is set aside for others, and what the job has
        spent itself. Who asks at one moment, on any host, is answered one after the other.
        """
        async with self._database.transaction() as connection:
            # A reservation that a power cut takes is that of a photo which it took, too.
            await connection.execute("SET LOCAL synchronous_commit = off")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", AdvisoryLock.RESERVATION)
            row = await connection.fetchrow(
                """
                WITH own AS (
                    SELECT slot_id FROM job_history WHERE job_id = $1
                ), used AS (
                    SELECT slot_id, cost FROM job_spending WHERE day = $2
                    UNION ALL
                    SELECT slot_id, cost_reserved FROM job_history
                     WHERE status = 'pending' AND job_id <> $1
                ), total AS (
                    SELECT $3 + coalesce(sum(cost), 0) AS of_all,
                           $3 + coalesce(sum(cost) FILTER (WHERE used.slot_id = own.slot_id), 0)
                               AS of_slot
                      FROM used CROSS JOIN own
                ), granted AS (
                    UPDATE job_history SET cost_reserved = $3 + $4
                      FROM total
                     WHERE job_id = $1 AND status = 'pending'
                       AND coalesce(of_slot < $5, true) AND coalesce(of_all < $6, true)
                    RETURNING true
                )
                SELECT EXISTS (SELECT FROM granted) AS granted,
                       of_slot::float8 AS used_of_slot, of_all::float8 AS used_of_all
                  FROM total
                """,
                job_id,
                day,
                _money(spent),
                _money(more),
                _money(cap_of_slot),
                _money(cap_of_all),
            )
        return Reservation(**dict(row))


def _money(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(repr(amount))
