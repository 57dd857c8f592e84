"""One photo's exchange: what was decided when it was let in, and how far it has come."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from uuid import UUID

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.ingest.password import Sender
from photobooth_daemon.ingest.waiting.doorway import Passage
from photobooth_daemon.ingest.waiting.gate import Seat
from photobooth_daemon.ingest.waiting.turns import UploadTurn
from photobooth_daemon.media.scratch_file import ScratchFile
from photobooth_daemon.model import (
    Attempt,
    Job,
    JobSource,
    JobStatus,
    Picture,
    PictureBytes,
    SentPrompts,
    SettingsState,
    Slot,
    Timings,
)
from photobooth_daemon.model.events import Event, KeepOriginals, kept_hours

GUEST_KEY_BYTES = 16
"""22 characters in a link."""


def new_guest_key() -> str:
    """Return what lets a guest delete the picture."""
    return secrets.token_urlsafe(GUEST_KEY_BYTES)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A photo that was let in: its recipe, its window, its seat; none of it changes any more.

    ``deadline`` is when the answer is due; ``work_deadline`` leaves the
    reserve that storing and answering need.
    """

    job_id: UUID
    slot: Slot
    settings: SettingsState
    source: JobSource
    sender: Sender
    deadline: Deadline
    work_deadline: Deadline
    window_seconds: int
    started_monotonic_seconds: float
    started_at: datetime
    seat: Seat
    turn: UploadTurn
    idempotency_key: str | None = None
    password_accepted: bool = False
    event: Event | None = None
    """The evening that the photo belongs to."""
    passage: Passage | None = None
    """What a photo without a password header came in by."""
    first: Job | None = None
    """The job whose photo is made again."""
    base_url: str | None = None
    """What links begin with that are stamped on the answer; None where it is not a picture."""

    def new_job(self, photo: Picture, client_fields: Mapping[str, str]) -> Job:
        """Return the pending job of this photo."""
        rung = self.slot.ladder()[0]
        first, event = self.first, self.event
        job = Job(
            job_id=self.job_id,
            slot_id=self.slot.slot_id,
            slot_version=self.slot.version,
            source=self.source,
            provider=rung.provider,
            operation=rung.operation,
            client_fields=client_fields,
            client_address=self.sender.address,
            request_id=self.sender.request_id,
            input_content_type=photo.content_type,
            input_width=photo.width,
            input_height=photo.height,
            input_size_bytes=photo.size_bytes,
            input_sha256=photo.sha256,
            started_at=self.started_at,
            deadline_at=self.deadline.due_at(),
            event_id=None if event is None else event.event_id,
            guest_key=None if event is None else new_guest_key(),
        )
        if first is None:
            return job
        # The guest has one link and one key, whichever job made the picture.
        return replace(job, rerun_of=first.job_id, guest_key=first.guest_key, hidden=first.hidden)

    def result_ttl_hours(self) -> int:
        """Return how long the result is kept: as its event says, else as the settings do."""
        return kept_hours(self.event, self.settings.values)

    def keeps_original(self) -> bool:
        """Return whether the photo is kept as it came, until its job's end says more."""
        return (
            self.source is JobSource.INGEST
            and self.event is not None
            and self.event.keep_originals is not KeepOriginals.NEVER
        )

    def drops_original(self) -> bool:
        """Return whether a kept photo goes once its picture is there."""
        return self.event is not None and self.event.drops_originals_of_done

    @contextmanager
    def seated(self) -> Iterator[None]:
        """Give up the seat and the turn to read at the end of the block, however it ends."""
        try:
            yield
        finally:
            self.leave()

    def leave(self) -> None:
        """Give up the seat and the turn to read; a second call does nothing."""
        self.turn.leave()
        self.seat.leave()
        if self.passage is not None:
            self.passage.leave()


@dataclass(slots=True)
class Progress:
    """How far a photo has come: its job, its attempts, and where its time went."""

    clock: Clock
    started_monotonic_seconds: float
    job_opened: bool = False
    stored: bool = False
    perhaps_stored: bool = False
    """Storing was broken off, which may go on by itself: removing the result waits for that."""
    attempts: list[Attempt] = field(default_factory=list)
    prompts: list[SentPrompts] = field(default_factory=list)
    """Of each operation that was asked, once."""
    timings_ms: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the block's duration to a step of the timings."""
        begun = self.clock.monotonic()
        try:
            yield
        finally:
            took_ms = round((self.clock.monotonic() - begun) * 1000)
            self.timings_ms[step] = self.timings_ms.get(step, 0) + took_ms

    def elapsed_seconds(self) -> float:
        """Return the time since the headers arrived."""
        return self.clock.monotonic() - self.started_monotonic_seconds

    def timings(self) -> Timings:
        """Return the timings so far, the total up to now."""
        return Timings(**self.timings_ms, total_ms=round(self.elapsed_seconds() * 1000))


@dataclass(frozen=True, slots=True)
class Received:
    """A picture that has arrived whole, in a scratch file, with the fields sent along.

    ``async with`` it: the scratch file is gone at the end of the block.
    """

    scratch: ScratchFile
    path: Path
    size_bytes: int
    sha256: str
    fields: dict[str, str]
    password: bytes | None

    async def __aenter__(self) -> Received:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.scratch.discard()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client gets: the picture, and where it will be until ``expires_at``.

    ``fallback`` marks the untouched photo that is given instead of an error;
    it is not stored. ``stamped`` says that the picture is not as it is stored.
    """

    job_id: UUID
    slot_id: str
    status: JobStatus
    picture: PictureBytes
    preview: bytes | None
    expires_at: datetime | None
    timings: Timings
    fallback: bool = False
    stamped: bool = False
    guest_key: str | None = None
