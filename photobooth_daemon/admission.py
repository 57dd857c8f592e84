"""Who may come in: decided from a request's headers, before any of its body is read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    DeadlinePassed,
    PayloadTooLarge,
    RateLimited,
    SlotDisabled,
    SlotNotFound,
    StorageFull,
)
from photobooth_daemon.exchange import Exchange
from photobooth_daemon.gate import Gate
from photobooth_daemon.ingest_password import IngestPassword, Sender
from photobooth_daemon.media_store import MediaStore
from photobooth_daemon.metrics import Metrics
from photobooth_daemon.model import JobSource, SettingsState, Slot
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.upload_turns import UploadTurns

MB = 1024 * 1024
FORM_ALLOWANCE_BYTES = 512 * 1024
PATIENCE_SECONDS = 4.0
"""How long a database that does not answer is waited for."""
_SLOT_ID = re.compile(r"slot-[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a request's headers say about a photo, and when they arrived."""

    started_monotonic_seconds: float
    sender: Sender
    content_length: int
    header_password: bytes | None
    idempotency_key: str | None


class AdmissionService:
    """Gives a photo a seat and its deadline, or the reason why not."""

    def __init__(
        self,
        *,
        slots: SlotRepository,
        password: IngestPassword,
        gate: Gate,
        turns: UploadTurns,
        media_store: MediaStore,
        metrics: Metrics,
        clock: Clock,
        store_reserve_seconds: float,
    ) -> None:
        self._slots = slots
        self._password = password
        self._gate = gate
        self._turns = turns
        self._media_store = media_store
        self._metrics = metrics
        self._clock = clock
        self._store_reserve_seconds = store_reserve_seconds

    async def admit(self, slot_id: str, arrival: Arrival) -> Exchange:
        """Decide from the headers alone whether a camera's photo may come in; give it a seat.

        Raises:
            SlotNotFound, SlotDisabled, StorageFull, PayloadTooLarge,
            InvalidPassword, TooManyAttempts, RateLimited: in this order.
            DatabaseUnavailable: nobody knows the slot right now.
        """
        found = None
        if _SLOT_ID.fullmatch(slot_id):
            found = await self._find(slot_id)
        if found is None:
            raise SlotNotFound
        slot, settings = found
        self._metrics.prepare_slot(slot.slot_id, slot.provider)
        if not slot.enabled or not slot.ladder():
            raise SlotDisabled
        self._check_room(settings, arrival.content_length)
        if arrival.header_password is not None:
            await self._password.check(
                arrival.header_password, settings, arrival.sender, slot_id=slot_id
            )
        exchange = self._exchange(slot, settings, JobSource.INGEST, arrival)
        exchange.password_accepted = arrival.header_password is not None
        return exchange

    async def admit_test(self, slot: Slot, settings: SettingsState, arrival: Arrival) -> Exchange:
        """Give an administrator's trial photo a seat; the slot may be off, or not set up yet.

        The recipe to try may come with the photo: :meth:`change_recipe` before
        ``IngestService.run`` begins.

        Raises:
            StorageFull, PayloadTooLarge, RateLimited: as for a camera.
        """
        self._check_room(settings, arrival.content_length)
        exchange = self._exchange(slot, settings, JobSource.TEST, arrival)
        exchange.password_accepted = True
        return exchange

    def change_recipe(self, exchange: Exchange, slot: Slot) -> None:
        """Let an exchange go on with another recipe, in the window that this one has."""
        window_seconds = slot.sync_response_seconds or (
            exchange.settings.values.sync_response_seconds
        )
        exchange.slot = slot
        exchange.window_seconds = window_seconds
        exchange.deadline = Deadline(
            self._clock, exchange.started_monotonic_seconds + window_seconds
        )
        exchange.work_deadline = exchange.deadline.earlier_by(self._store_reserve_seconds)

    async def _find(self, slot_id: str) -> tuple[Slot, SettingsState] | None:
        """Look the slot up, well inside the shortest window: the photo's own is not known yet."""
        try:
            async with Deadline.after(self._clock, PATIENCE_SECONDS).enforced():
                return await self._slots.find_for_admission(slot_id)
        except DeadlinePassed as error:
            raise DatabaseUnavailable from error

    def _check_room(self, state: SettingsState, content_length: int) -> None:
        settings = state.values
        if self._media_store.free_bytes() < settings.min_free_mb * MB:
            raise StorageFull
        if content_length > settings.max_upload_mb * MB + FORM_ALLOWANCE_BYTES:
            raise PayloadTooLarge(f"A photo may have {settings.max_upload_mb} MB at most.")

    def _exchange(
        self, slot: Slot, settings: SettingsState, source: JobSource, arrival: Arrival
    ) -> Exchange:
        window_seconds = slot.sync_response_seconds or settings.values.sync_response_seconds
        begun = arrival.started_monotonic_seconds
        deadline = Deadline(self._clock, begun + window_seconds)
        work_deadline = deadline.earlier_by(self._store_reserve_seconds)
        seat = self._gate.enter(
            slot.slot_id,
            concurrency=settings.values.slot_concurrency,
            queue=settings.values.slot_queue,
        )
        try:
            turn = self._turns.line_up(work_deadline, arrival.content_length)
        except RateLimited:
            seat.leave()
            raise
        return Exchange(
            slot=slot,
            settings=settings,
            source=source,
            sender=arrival.sender,
            clock=self._clock,
            deadline=deadline,
            work_deadline=work_deadline,
            window_seconds=window_seconds,
            started_monotonic_seconds=begun,
            started_at=self._clock.utcnow(),
            seat=seat,
            turn=turn,
            idempotency_key=arrival.idempotency_key,
        )
