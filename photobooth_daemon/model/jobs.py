"""The record of one photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class JobStatus(StrEnum):
    """A job leaves ``pending`` once and never comes back."""

    PENDING = "pending"
    DONE = "done"
    TIMEOUT = "timeout"
    FAILED = "failed"


class JobSource(StrEnum):
    """Who sent the photo: a camera, an administrator trying a slot, or a camera an evening ago."""

    INGEST = "ingest"
    TEST = "test"
    RERUN = "rerun"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One provider call of a job: what was asked, how it ended, what it cost.

    ``reason`` is None for the attempt that brought the picture.
    """

    provider: str
    operation: str
    model: str | None
    started_ms: int
    duration_ms: int
    reason: str | None
    message: str = ""
    provider_request_id: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class SentPrompts:
    """The texts that an operation was asked with, by the names of its params.

    What guests typed is in them: no log and no message to the public has them.
    """

    provider: str
    operation: str
    params: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Timings:
    """Where a photo's time went; durations, in milliseconds."""

    upload_ms: int = 0
    prepare_ms: int = 0
    wait_ms: int = 0
    provider_ms: int = 0
    store_ms: int = 0
    total_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The record of one ingest; one that is about to be processed has no end yet."""

    job_id: UUID
    slot_id: str
    slot_version: int
    source: JobSource
    status: JobStatus = JobStatus.PENDING
    failure_code: str | None = None
    provider_code: str | None = None
    provider: str | None
    operation: str | None
    attempts: tuple[Mapping[str, Any], ...] = ()
    client_fields: Mapping[str, str]
    client_address: str | None
    request_id: str | None
    input_content_type: str
    input_width: int
    input_height: int
    input_size_bytes: int
    input_sha256: str
    result_content_type: str | None = None
    result_width: int | None = None
    result_height: int | None = None
    result_size_bytes: int | None = None
    result_sha256: str | None = None
    timings: Mapping[str, int] = field(default_factory=dict)
    cost: float | None = None
    started_at: datetime
    deadline_at: datetime
    finished_at: datetime | None = None
    result_expires_at: datetime | None = None
    event_id: UUID | None = None
    guest_key: str | None = field(default=None, repr=False)
    """With it the guest may delete the picture."""
    hidden: bool = False
    fallback: bool = False
    """Whether the booth got the untouched photo."""
    rerun_of: UUID | None = None
    rerun_by: UUID | None = None
    original_expires_at: datetime | None = None
    result_removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list shows; None shows all."""

    slot_id: str | None = None
    status: JobStatus | None = None
    source: JobSource | None = None
    since: datetime | None = None
    event_id: UUID | None = None
