"""Who may come in: decided from a request's headers, before any of its body is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.deadline import ANSWER_MARGIN_SECONDS, Deadline
from photobooth_daemon.errors import (
    DatabaseUnavailable,
    DeadlinePassed,
    PayloadTooLarge,
    PhotoboothError,
    RateLimited,
    SlotDisabled,
    SlotNotFound,
    StorageFull,
)
from photobooth_daemon.ingest.exchange import Admitted
from photobooth_daemon.ingest.password import IngestPassword, Sender
from photobooth_daemon.ingest.waiting.doorway import Doorway, Passage
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.ingest.waiting.turns import UploadTurns
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model import MB, Job, JobSource, SettingsState, Slot
from photobooth_daemon.model.events import Event
from photobooth_daemon.model.networks import network_of
from photobooth_daemon.model.units import FORM_ALLOWANCE_BYTES
from photobooth_daemon.repositories.slots import SlotRepository, is_slot_id

RERUN_SENDER = "rerun"
DATABASE_PATIENCE_SECONDS = 4.0
"""How long a database that does not answer is waited for."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a request's headers say about a photo, and when they arrived."""

    started_monotonic_seconds: float
    sender: Sender
    content_length: int
    header_password: bytes | None
    idempotency_key: str | None
    unread_bytes: Callable[[], int] = lambda: 0
    """Tells how much of the body has arrived already."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A slot's window for one photo, and when the work in it has to be over."""

    seconds: int
    deadline: Deadline
    work_deadline: Deadline


class AdmissionService:
    """Gives a photo a seat and its deadline, or the reason why not."""

    def __init__(
        self,
        *,
        slot_repository: SlotRepository,
        password: IngestPassword,
        gate: Gate,
        doorway: Doorway,
        turns: UploadTurns,
        provider_keys: ProviderKeys,
        address: PublicAddress,
        media_store: MediaStore,
        metrics: Metrics,
        clock: Clock,
        store_reserve_seconds: float,
    ) -> None:
        self._slot_repository = slot_repository
        self._password = password
        self._gate = gate
        self._doorway = doorway
        self._turns = turns
        self._provider_keys = provider_keys
        self._address = address
        self._media_store = media_store
        self._metrics = metrics
        self._clock = clock
        self._store_reserve_seconds = store_reserve_seconds

    async def admit(self, slot_id: str, arrival: Arrival) -> Admitted:
        """Decide from the headers alone whether a camera's photo may come in; give it a seat.

        Raises:
            SlotNotFound, SlotDisabled, StorageFull, PayloadTooLarge,
            InvalidPassword, TooManyAttempts, RateLimited: in this order.
            DatabaseUnavailable: nobody knows the slot right now.
        """
        found = await self._find(slot_id) if is_slot_id(slot_id) else None
        if found is None:
            raise SlotNotFound
        slot, settings, event = found
        await self._provider_keys.keep_up(settings.provider_keys_version)
        self._address.follow(settings)
        self._metrics.prepare_slot(slot.slot_id, slot.provider)
        if not slot.enabled or not slot.ladder():
            raise SlotDisabled
        self._check_room(settings, arrival.content_length)
        window = self._window(slot, settings, arrival.started_monotonic_seconds)
        if arrival.header_password is not None:
            await self._check_password(arrival.header_password, slot, settings, arrival, window)
        passage = None
        if arrival.header_password is None:
            passage = await self._way_in(slot, settings, arrival, window)
        try:
            admitted = self._admitted(
                slot,
                settings,
                JobSource.INGEST,
                arrival,
                window,
                password_accepted=passage is None,
            )
        except RateLimited:
            if passage is not None:
                passage.leave()
            raise
        return replace(admitted, event=event, passage=passage)

    async def admit_test(self, slot: Slot, settings: SettingsState, arrival: Arrival) -> Admitted:
        """Give an administrator's trial photo a seat; the slot may be off, or not set up yet.

        The recipe to try may come with the photo: :meth:`with_recipe` before
        ``IngestService.run`` begins.

        Raises:
            StorageFull, PayloadTooLarge, RateLimited: as for a camera.
        """
        await self._provider_keys.keep_up(settings.provider_keys_version)
        self._address.follow(settings)
        self._check_room(settings, arrival.content_length)
        window = self._window(slot, settings, arrival.started_monotonic_seconds)
        return self._admitted(
            slot, settings, JobSource.TEST, arrival, window, password_accepted=True
        )

    async def admit_rerun(self, first: Job, job_id: UUID, event: Event | None) -> Admitted:
        """Let a kept photo in once more, by its slot as it is now, in a window of its own.

        The slot may be off, for that refuses new photos only. It takes no camera's seat.

        Raises:
            SlotDisabled, StorageFull: as for a camera.
            DatabaseUnavailable: nobody knows the slot right now.
        """
        found = await self._find(first.slot_id)
        if found is None:
            raise SlotNotFound
        slot, settings, _ = found
        if not slot.ladder():
            raise SlotDisabled
        self._check_room(settings, 0)
        begun = self._clock.monotonic()
        window = self._window(slot, settings, begun)
        return Admitted(
            job_id=job_id,
            # The untouched photo instead of an error is for a camera that waits.
            slot=replace(slot, on_failure="error"),
            settings=settings,
            source=JobSource.RERUN,
            sender=Sender(RERUN_SENDER, str(uuid4())),
            deadline=window.deadline,
            work_deadline=window.work_deadline,
            window_seconds=window.seconds,
            started_monotonic_seconds=begun,
            started_at=self._clock.utcnow(),
            seat=self._gate.seat_beside(),
            turn=self._turns.beside(window.work_deadline, first.input_size_bytes),
            password_accepted=True,
            event=event,
            first=first,
        )

    def with_recipe(self, admitted: Admitted, slot: Slot) -> Admitted:
        """Return the photo with another recipe, in the window that this one has."""
        window = self._window(slot, admitted.settings, admitted.started_monotonic_seconds)
        return replace(
            admitted,
            slot=slot,
            window_seconds=window.seconds,
            deadline=window.deadline,
            work_deadline=window.work_deadline,
        )

    async def _find(self, slot_id: str) -> tuple[Slot, SettingsState, Event | None] | None:
        """Look the slot up, well inside the shortest window: the photo's own is not known yet."""
        try:
            async with Deadline.after(self._clock, DATABASE_PATIENCE_SECONDS).enforced():
                return await self._slot_repository.find_for_admission(slot_id, self._clock.utcnow())
        except DeadlinePassed as error:
            raise DatabaseUnavailable from error

    def _window(self, slot: Slot, settings: SettingsState, begun: float) -> _Window:
        seconds = slot.sync_response_seconds or settings.values.sync_response_seconds
        deadline = Deadline(self._clock, begun + seconds)
        return _Window(seconds, deadline, deadline.earlier_by(self._store_reserve_seconds))

    async def _check_password(
        self,
        password: bytes,
        slot: Slot,
        settings: SettingsState,
        arrival: Arrival,
        window: _Window,
    ) -> None:
        """Check a password header so that the answer leaves in the window, whatever hangs."""
        try:
            async with window.deadline.earlier_by(ANSWER_MARGIN_SECONDS).enforced():
                await self._password.check(
                    password,
                    settings,
                    arrival.sender,
                    slot_id=slot.slot_id,
                    deadline=window.work_deadline,
                )
        except DeadlinePassed as error:
            raise DatabaseUnavailable from error
        except PhotoboothError as error:
            await self._password.hold(error, arrival.sender, window.work_deadline)
            raise

    async def _way_in(
        self, slot: Slot, settings: SettingsState, arrival: Arrival, window: _Window
    ) -> Passage:
        """Wait until a photo may come in whose password is somewhere in its body.

        Raises:
            RateLimited: there is no seat, or no way in before it would be too late.
        """
        values = settings.values
        room = self._gate.look_for_seat(
            slot.slot_id, concurrency=values.slot_concurrency, queue=values.slot_queue
        )
        return await self._doorway.enter(
            slot.slot_id,
            network_of(arrival.sender.address),
            room=room,
            unread_bytes=arrival.unread_bytes,
            deadline=window.work_deadline,
        )

    def _check_room(self, state: SettingsState, content_length: int) -> None:
        settings = state.values
        if self._media_store.free_bytes() < settings.min_free_mb * MB:
            raise StorageFull
        if content_length > settings.max_upload_mb * MB + FORM_ALLOWANCE_BYTES:
            raise PayloadTooLarge(f"A photo may have {settings.max_upload_mb} MB at most.")

    def _admitted(
        self,
        slot: Slot,
        settings: SettingsState,
        source: JobSource,
        arrival: Arrival,
        window: _Window,
        *,
        password_accepted: bool,
    ) -> Admitted:
        seat = self._gate.enter(
            slot.slot_id,
            concurrency=settings.values.slot_concurrency,
            queue=settings.values.slot_queue,
        )
        try:
            turn = self._turns.line_up(
                window.work_deadline, arrival.content_length, is_known=password_accepted
            )
        except RateLimited:
            seat.leave()
            raise
        return Admitted(
            job_id=uuid4(),
            slot=slot,
            settings=settings,
            source=source,
            sender=arrival.sender,
            deadline=window.deadline,
            work_deadline=window.work_deadline,
            window_seconds=window.seconds,
            started_monotonic_seconds=arrival.started_monotonic_seconds,
            started_at=self._clock.utcnow(),
            seat=seat,
            turn=turn,
            idempotency_key=arrival.idempotency_key,
            password_accepted=password_accepted,
        )
