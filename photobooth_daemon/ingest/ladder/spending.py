"""Whether money may still be spent today: the caps of a slot and of all slots together.

A day is a day of UTC. Before each call its expected price is set aside, by all hosts in one
place, so a cap is passed by what one call costs at most; and where a call costs more than
expected, by that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.ingest.ladder.pricing import PriceTable
from photobooth_daemon.model import Job, Settings, Slot
from photobooth_daemon.repositories.spending import SpendingRepository

ALL_SLOTS = "all"
WARN_SHARE = 0.8
RESERVE_SECONDS = 5.0
"""Who has waited longer for word of the money is let go on: his guest waits, too."""

Model = tuple[str, str | None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cap:
    """One cap and what is spent of it: ``scope`` is a slot's id, or ``all``."""

    scope: str
    cap: float
    spent: float

    @property
    def share(self) -> float:
        """Return the share used: 1.0 and more is a cap that is reached."""
        return self.spent / self.cap if self.cap > 0 else 1.0


class DayBudget:
    """One photo's part of the caps; what its own attempts cost counts at once.

    A database that is away for a moment costs no photo its picture: new photos are not admitted
    without it anyway.
    """

    def __init__(
        self,
        job: Job,
        wanted: Mapping[str, float | None],
        repository: SpendingRepository,
        prices: PriceTable,
        seen: dict[Model, float],
        turn: asyncio.Lock,
        clock: Clock,
    ) -> None:
        """``wanted`` are the caps by scope; ``seen`` remembers what calls have cost.

        ``turn`` is the process': of its photos one at a time asks the database.
        """
        self._job = job
        self._wanted = wanted
        self._repository = repository
        self._prices = prices
        self._seen = seen
        self._turn = turn
        self._clock = clock
        self._spent = 0.0
        self._calling: Model = ("", None)
        self._told: set[tuple[str, str]] = set()

    async def allows(self, provider: str, model: str | None) -> bool:
        """Set aside what an attempt may cost; return whether it may be made.

        What costs nothing always may, and so may anything while the database does not answer.
        """
        now = self._clock.utcnow()
        if self._prices.is_free(provider, model, now):
            return True
        self._calling = (provider, model)
        expected = self._seen.get(self._calling, self._prices.expected(provider, model, now))
        try:
            async with asyncio.timeout(RESERVE_SECONDS), self._turn:
                reserved = await self._repository.reserve(
                    self._job.job_id,
                    self._job.started_at.date(),
                    spent=self._spent,
                    more=expected,
                    cap_of_slot=self._wanted[self._job.slot_id],
                    cap_of_all=self._wanted[ALL_SLOTS],
                )
        except (DatabaseUnavailable, TimeoutError):
            log.warning("nobody knows what is spent: no database", extra={"provider": provider})
            return True
        self._warn({self._job.slot_id: reserved.used_of_slot, ALL_SLOTS: reserved.used_of_all})
        return reserved.granted

    def spend(self, cost: float) -> None:
        """Count what an attempt has cost."""
        self._spent += cost
        self._seen[self._calling] = cost

    def _warn(self, used: Mapping[str, float]) -> None:
        """Log which caps are near or reached, once a photo."""
        for cap in caps_of(self._wanted, used):
            if cap.share < WARN_SHARE:
                continue
            how = "reached" if cap.share >= 1 else "near"
            if (cap.scope, how) in self._told:
                continue
            self._told.add((cap.scope, how))
            log.warning(
                "the cost cap of the day is %s",
                how,
                extra={"scope": cap.scope, "cap": cap.cap, "spent": round(cap.spent, 4)},
            )


class Spending:
    """Compares what was spent today with the caps."""

    def __init__(self, repository: SpendingRepository, prices: PriceTable, clock: Clock) -> None:
        self._repository = repository
        self._prices = prices
        self._seen: dict[Model, float] = {}
        self._turn = asyncio.Lock()
        self._clock = clock

    def budget_for(self, job: Job, slot: Slot, settings: Settings) -> DayBudget | None:
        """Return the photo's budget, or None where nothing is capped."""
        wanted = {slot.slot_id: slot.cost_cap_per_day, ALL_SLOTS: settings.cost_cap_per_day}
        if all(cap is None for cap in wanted.values()):
            return None
        return DayBudget(
            job, wanted, self._repository, self._prices, self._seen, self._turn, self._clock
        )

    async def spent_today(self) -> Mapping[str, float]:
        """Return today's cost by slot, and of ``all``.

        Raises:
            DatabaseUnavailable: nobody knows.
        """
        by_slot = await self._repository.spent_on(self._clock.utcnow().date())
        return {**by_slot, ALL_SLOTS: sum(by_slot.values())}


def caps_of(wanted: Mapping[str, float | None], spent: Mapping[str, float]) -> tuple[Cap, ...]:
    """Return the caps that are set, by scope, with what is spent of each."""
    return tuple(
        Cap(scope, cap, spent.get(scope, 0.0)) for scope, cap in wanted.items() if cap is not None
    )
