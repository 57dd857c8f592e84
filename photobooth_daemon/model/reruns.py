"""A photo that is made again from its kept original."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from photobooth_daemon.model.jobs import JobStatus

RERUNNABLE = (JobStatus.FAILED, JobStatus.TIMEOUT)
"""How a photo ends that can be made again."""


class RerunState(StrEnum):
    """Where a rerun is; a person may have one that failed or was cancelled queued again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Rerun:
    """What is made again: the first job, and the job that does it once it runs."""

    job_id: UUID
    rerun_job_id: UUID
    slot_id: str
    state: RerunState
    attempts: int
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class RerunCounts:
    """How an event's reruns are."""

    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0


def rerun_view(counts: RerunCounts) -> dict[str, int]:
    """Return how reruns are as the API gives it."""
    return asdict(counts)


@dataclass(frozen=True, slots=True)
class LeftPhotos:
    """A slot's photos of an evening that makes them again by itself, and has not tried yet."""

    event_id: UUID
    slot_id: str
    rerun_failed_at: datetime | None
    """When a rerun of theirs failed last."""
    being_made: bool
    """Whether any is queued or running."""
