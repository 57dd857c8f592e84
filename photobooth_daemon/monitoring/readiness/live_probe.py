"""Sends a photo of our own through a slot, by the very steps that a camera's photo takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import PhotoboothError, ProviderError
from photobooth_daemon.ingest.admission import AdmissionService, Arrival
from photobooth_daemon.ingest.exchange import Received
from photobooth_daemon.ingest.password import Sender
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Slot
from photobooth_daemon.monitoring.readiness.model import Finding, fault, ok, warning
from photobooth_daemon.repositories.slots import SlotRepository

SLOW_SHARE = 0.8
AT_ONCE = 3
SENDER = "readiness"


class LiveProbe:
    """Makes real pictures: it may cost money, and it leaves jobs of the source ``test``."""

    def __init__(
        self,
        admission: AdmissionService,
        ingest: IngestService,
        slots: SlotRepository,
        media_store: MediaStore,
        photo: bytes,
        clock: Clock,
    ) -> None:
        self._admission = admission
        self._ingest = ingest
        self._slots = slots
        self._media_store = media_store
        self._photo = photo
        self._clock = clock

    async def probe(self, slots: Sequence[Slot]) -> list[Finding]:
        """Return what came of a photo for each slot, a few at a time."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(slot: Slot) -> Finding:
            async with places:
                return await self._one(slot)

        return list(await asyncio.gather(*(one(slot) for slot in slots)))

    async def _one(self, slot: Slot) -> Finding:
        begun = self._clock.monotonic()
        try:
            window_seconds = await self._send(slot)
        except PhotoboothError as error:
            reason = error.provider_code.value if isinstance(error, ProviderError) else error.code
            seconds = round(self._clock.monotonic() - begun, 1)
            return fault("probe", "probe_failed", slot.slot_id, reason=reason, seconds=seconds)
        took = self._clock.monotonic() - begun
        facts = {"seconds": round(took, 1), "window": round(window_seconds)}
        if took > window_seconds * SLOW_SHARE:
            return warning("probe", "probe_slow", slot.slot_id, **facts)
        return ok("probe", slot.slot_id, **facts)

    async def _send(self, slot: Slot) -> float:
        """Send the photo and return the window it had.

        Raises:
            PhotoboothError: there is no picture.
        """
        found = await self._slots.find_for_admission(slot.slot_id, self._clock.utcnow())
        assert found is not None, "the slot was read a moment ago"
        scratch = self._media_store.open_scratch(uuid4())
        arrival = Arrival(
            started_monotonic_seconds=self._clock.monotonic(),
            sender=Sender(SENDER, str(uuid4())),
            content_length=len(self._photo),
            header_password=None,
            idempotency_key=None,
        )
        # The untouched photo in an error's place would hide what is asked here.
        strict = replace(slot, on_failure="error")
        admitted = await self._admission.admit_test(strict, found[1], arrival)
        try:
            await scratch.write(self._photo)
            written = await scratch.close()
        except BaseException:
            self._ingest.give_up(admitted, "aborted")
            await scratch.discard()
            raise
        # It is here whole: nobody has to wait until it has been read.
        admitted.turn.leave()
        received = Received(
            scratch=scratch,
            path=written.path,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            fields={},
            password=None,
        )
        await self._ingest.run(admitted, received)
        return admitted.window_seconds
