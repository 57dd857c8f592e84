"""One photo's exchange: what is known about it, from its headers to its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.ingest.password import Sender
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
    SettingsState,
    Slot,
    Timings,
)

ANSWER_MARGIN_SECONDS = 0.15
"""What the answer itself needs at the very end, when something hung until then."""


@dataclass(slots=True)
class Exchange:
    """What one photo carries along; the seat is held until :meth:`IngestService.run` ends it.

    ``deadline`` is when the answer is due; ``work_deadline`` leaves the
    reserve that storing and answering need.
    """

    slot: Slot
    settings: SettingsState
    source: JobSource
    sender: Sender
    clock: Clock
    deadline: Deadline
    work_deadline: Deadline
    window_seconds: int
    started_monotonic_seconds: float
    started_at: datetime
    seat: Seat
    turn: UploadTurn
    idempotency_key: str | None = None
    password_accepted: bool = False
    job_id: UUID = field(default_factory=uuid4)
    job_opened: bool = False
    stored: bool = False
    attempts: list[Attempt] = field(default_factory=list)
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

    def new_job(self, photo: Picture, client_fields: Mapping[str, str]) -> Job:
        """Return the pending job of this exchange."""
        rung = self.slot.ladder()[0]
        return Job.pending(
            job_id=self.job_id,
            slot_id=self.slot.slot_id,
            slot_version=self.slot.version,
            source=self.source,
            provider=rung.provider,
            operation=rung.operation,
            client_fields=client_fields,
            client_address=self.sender.address,
            request_id=self.sender.request_id,
            photo=photo,
            started_at=self.started_at,
            deadline_at=self.deadline.due_at(),
        )

    def leave(self) -> None:
        """Give up the seat and the turn to read; a second call does nothing."""
        self.turn.leave()
        self.seat.leave()

    def elapsed_seconds(self) -> float:
        """Return the time since the headers arrived."""
        return self.clock.monotonic() - self.started_monotonic_seconds

    def timings(self) -> Timings:
        """Return the timings so far, the total up to now."""
        return Timings(**self.timings_ms, total_ms=round(self.elapsed_seconds() * 1000))


@dataclass(frozen=True, slots=True)
class Upload:
    """A photo that has arrived whole, in a scratch file, with the fields sent along."""

    scratch: ScratchFile
    path: Path
    size_bytes: int
    sha256: str
    fields: dict[str, str]
    password: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client gets: the picture, and where it will be until ``expires_at``.

    ``fallback`` marks the untouched photo that is given instead of an error;
    it is not stored.
    """

    job_id: UUID
    slot_id: str
    status: JobStatus
    picture: PictureBytes
    preview: bytes | None
    expires_at: datetime | None
    timings: Timings
    fallback: bool = False
