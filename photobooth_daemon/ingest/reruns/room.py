"""Whether a rerun may begin: only where it takes nothing that a camera is about to need."""

from __future__ import annotations

from photobooth_daemon.clock import Clock
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB, Settings, Slot
from photobooth_daemon.repositories.slots import SlotRepository

PLACES_LEFT = 2
"""At a provider that is busy: the one a rerun takes, and one for the next camera."""
QUIET_SECONDS = 60.0
"""After a rerun gave way to a camera: the provider may have taken money for what it called off."""


class Room:
    """Asks this process' gate; other processes' cameras are seen by their open jobs."""

    def __init__(
        self,
        gate: Gate,
        ladder: Ladder,
        slot_repository: SlotRepository,
        media_store: MediaStore,
        clock: Clock,
    ) -> None:
        self._gate = gate
        self._ladder = ladder
        self._slot_repository = slot_repository
        self._media_store = media_store
        self._clock = clock
        self._gave_way_monotonic_seconds: dict[str, float] = {}

    def gave_way(self, provider: str) -> None:
        """Begin nothing at a provider for a while: cameras need all of its places."""
        self._gave_way_monotonic_seconds[provider] = self._clock.monotonic()

    def has_cameras(self) -> bool:
        """Return whether any camera's photo is here: what is made beside it takes it time."""
        return self._gate.cameras() > 0

    async def is_for(self, slot_id: str) -> bool:
        """Return whether a photo of this slot may be made again now.

        Not while any camera waits here for a place, or one of this slot is here at all; not
        while the slot's first model cools down, for a rerun has time to wait until it is well.
        """
        if self._gate.seats_of(slot_id) or self._gate.anybody_waits():
            return False
        found = await self._slot_repository.find_for_admission(slot_id, self._clock.utcnow())
        if found is None:
            return False
        slot, settings, _ = found
        return self._disk_has_room(settings.values) and self._provider_has_room(
            slot, settings.values
        )

    def _disk_has_room(self, settings: Settings) -> bool:
        return self._media_store.free_bytes() >= settings.min_free_mb * MB

    def _provider_has_room(self, slot: Slot, settings: Settings) -> bool:
        rungs = slot.ladder()
        if not rungs:
            # It will say so by itself, once.
            return True
        if self._ladder.cooldowns.cooling(self._ladder.model_of(rungs[0])):
            return False
        gave_way = self._gave_way_monotonic_seconds.get(rungs[0].provider)
        if gave_way is not None and self._clock.monotonic() - gave_way < QUIET_SECONDS:
            return False
        free = self._gate.free_places(rungs[0].provider, concurrency=settings.provider_concurrency)
        return free is None or free >= PLACES_LEFT
