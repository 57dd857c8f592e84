"""A slot that was saved gives the models of its own ladder a fresh start.

Whoever saves a slot has just mended something, so its next photo tries again at
once. What other slots use stays as it is: a dead provider is not tried by
fourteen booths because the fifteenth was saved.
"""

from __future__ import annotations

from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.model import LiveMessage, Slot
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.tasks import InFlight


class FreshStart:
    """Forgets cool-downs: of what was saved here at once, of other processes' by the live feed."""

    def __init__(self, ladder: Ladder, slot_repository: SlotRepository, in_flight: InFlight):
        self._ladder = ladder
        self._slot_repository = slot_repository
        self._in_flight = in_flight
        self._versions: dict[str, int] = {}

    def saved(self, slot: Slot) -> None:
        """Forget what is held against the models of the slot's own rungs, and of no others."""
        self._versions[slot.slot_id] = slot.version
        self._ladder.clear_cooldowns_of(slot.ladder())

    def heard(self, message: LiveMessage) -> None:
        """Do the same for a slot that another process has saved, a moment later."""
        if message.kind != "slot":
            return
        slot_id, version = message.data["slot_id"], message.data["version"]
        # The feed tells of our own, too; what failed since must not be forgotten by an echo.
        if version > self._versions.get(slot_id, 0):
            self._in_flight.start(self._look(slot_id), f"fresh start of {slot_id}")

    async def _look(self, slot_id: str) -> None:
        slot = await self._slot_repository.find(slot_id)
        if slot is not None and slot.version > self._versions.get(slot_id, 0):
            self.saved(slot)
