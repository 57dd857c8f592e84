"""Whether money may still be spent today: the caps of a slot and of all slots together.

A day is a day of UTC. What is in flight is not counted until it ends, so a cap
may be passed by the photos that are being worked on when it is reached.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import DatabaseUnavailable
from photobooth_daemon.ingest.ladder.pricing import PriceTable
from photobooth_daemon.model import Settings, Slot
from photobooth_daemon.repositories.spending import SpendingRepository

ALL_SLOTS = "all"
WARN_SHARE = 0.8

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
    """One photo's view of the caps; what its own attempts cost counts at once."""

    def __init__(self, caps: tuple[Cap, ...], prices: PriceTable, clock: Clock) -> None:
        self._caps = caps
        self._prices = prices
        self._clock = clock
        self._spent = 0.0

    def allows(self, provider: str, model: str | None) -> bool:
        """Return whether an attempt may be made; what costs nothing always may."""
        if all(cap.spent + self._spent < cap.cap for cap in self._caps):
            return True
        return self._prices.is_free(provider, model, self._clock.utcnow())

    def spend(self, cost: float) -> None:
        """Count what an attempt has cost."""
        self._spent += cost


class Spending:
    """Compares what was spent today with the caps."""

    def __init__(self, repository: SpendingRepository, prices: PriceTable, clock: Clock) -> None:
        self._repository = repository
        self._prices = prices
        self._clock = clock

    async def budget_for(self, slot: Slot, settings: Settings) -> DayBudget | None:
        """Return the photo's budget, or None where nothing is capped.

        A database that is away for a moment costs no photo its picture: new
        photos are not admitted without it anyway.
        """
        wanted = {slot.slot_id: slot.cost_cap_per_day, ALL_SLOTS: settings.cost_cap_per_day}
        try:
            caps = await self._caps(wanted)
        except DatabaseUnavailable:
            log.warning("nobody knows what was spent today: no database")
            return None
        for cap in caps:
            if cap.share >= WARN_SHARE:
                log.warning(
                    "the cost cap of the day is %s",
                    "reached" if cap.share >= 1 else "near",
                    extra={"scope": cap.scope, "cap": cap.cap, "spent": round(cap.spent, 4)},
                )
        return DayBudget(caps, self._prices, self._clock) if caps else None

    async def spent_today(self) -> Mapping[str, float]:
        """Return today's cost by slot, and of ``all``.

        Raises:
            DatabaseUnavailable: nobody knows.
        """
        by_slot = await self._repository.spent_since(_midnight(self._clock.utcnow()))
        return {**by_slot, ALL_SLOTS: sum(by_slot.values())}

    async def _caps(self, wanted: Mapping[str, float | None]) -> tuple[Cap, ...]:
        if all(cap is None for cap in wanted.values()):
            return ()
        return caps_of(wanted, await self.spent_today())


def caps_of(wanted: Mapping[str, float | None], spent: Mapping[str, float]) -> tuple[Cap, ...]:
    """Return the caps that are set, by scope, with what is spent of each."""
    return tuple(
        Cap(scope, cap, spent.get(scope, 0.0)) for scope, cap in wanted.items() if cap is not None
    )


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
