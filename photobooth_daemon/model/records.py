"""The records that every layer shares: frozen, complete when built, no behaviour beyond reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
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


class ResponseMode(StrEnum):
    """What the body of a 200 is."""

    JSON = "json"
    IMAGE = "image"
    TEXT = "text"


class MediaKind(StrEnum):
    """What a media object's file is for."""

    PROVIDER_INPUT = "provider_input"
    RESULT = "result"
    PREVIEW = "preview"
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file on disk whose bytes have been recognised. ``path`` is absolute."""

    path: Path
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str

    @property
    def megapixels(self) -> float:
        """Return how large it is, decoded."""
        return self.width * self.height / 1e6


@dataclass(frozen=True, slots=True)
class PictureBytes:
    """An encoded picture held in memory: small enough to send to a provider."""

    data: bytes = field(repr=False)
    content_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Output:
    """How a slot wants its result: the finish step brings every picture to this."""

    format: str = "jpeg"
    quality: int = 90
    fit: str = "none"
    max_edge_px: int | None = None


@dataclass(frozen=True, slots=True)
class TemplateBinding:
    """A template picture that a slot uses in a role."""

    role: str
    media_id: UUID


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a slot's ladder: what to ask of whom."""

    provider: str
    operation: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GuestField:
    """A field of the booth's form that prompts may use; ``choices`` None takes free text."""

    field: str
    choices: tuple[str, ...] | None = None
    max_length: int = 40
    default: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One addressable recipe, as it was at ``version``."""

    slot_id: str
    version: int
    display_name: str
    enabled: bool
    provider: str | None
    operation: str | None
    params: Mapping[str, Any]
    template_media: tuple[TemplateBinding, ...]
    response_mode: ResponseMode
    inline_preview: bool
    sync_response_seconds: int | None
    output: Output
    on_failure: str
    cost_cap_per_day: float | None
    guest_fields: tuple[GuestField, ...]
    fallback: tuple[Rung, ...]
    updated_at: datetime
    updated_by: str

    def ladder(self) -> tuple[Rung, ...]:
        """Return the slot's own operation, then its fallbacks; empty while unconfigured."""
        if self.provider is None or self.operation is None:
            return ()
        return (Rung(self.provider, self.operation, self.params), *self.fallback)


@dataclass(frozen=True, slots=True)
class SlotRevision:
    """What a slot was at ``version``, as the API gives it; ``action`` is what made it so."""

    slot_id: str
    version: int
    config: Mapping[str, Any]
    action: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What administrators change while the daemon runs; the defaults are a new installation's."""

    sync_response_seconds: int = 48
    result_ttl_hours: int = 72
    max_upload_mb: int = 15
    max_pixels: int = 60_000_000
    slot_concurrency: int = 4
    slot_queue: int = 30
    provider_concurrency: int = 30
    attempts_per_photo: int = 8
    min_free_mb: int = 1024
    history_days: int = 90
    cost_cap_per_day: float | None = None
    locale: str = "ru"


@dataclass(frozen=True, slots=True)
class SettingsState:
    """The settings with their version and what is known about the ingest password."""

    values: Settings
    version: int
    updated_at: datetime
    updated_by: str
    ingest_password_hash: str | None = field(repr=False)
    ingest_password_updated_at: datetime | None
    ingest_password_updated_by: str | None
    provider_keys_version: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """An administrator who has proved who he is, and with which token."""

    username: str
    permissions: frozenset[str]
    token_id: str
    expires_at: datetime
    must_change_password: bool = False
    """Whether the session was begun with a password for one login."""


@dataclass(frozen=True, slots=True)
class Admin:
    """An administrator's account; without a hash there is no usable password yet."""

    username: str
    password_hash: str | None = field(repr=False)
    permissions: tuple[str, ...]
    token_version: int
    updated_at: datetime
    disabled: bool = False
    last_login_at: datetime | None = None
    one_time_until: datetime | None = None
    """Until when the password is good for one login; None where it is the account's own."""
    one_time_used: bool = False

    def may_log_in(self, now: datetime) -> bool:
        """Return whether the right password opens the account."""
        if self.disabled:
            return False
        return self.one_time_until is None or (now < self.one_time_until and not self.one_time_used)


@dataclass(frozen=True, slots=True)
class TemplateMedia:
    """A picture that administrators registered for use by slots."""

    media_id: UUID
    label: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class MediaObject:
    """A stored file with a life: a provider's temporary input, a result or its preview."""

    media_id: UUID
    job_id: UUID
    kind: MediaKind
    content_type: str
    size_bytes: int
    expires_at: datetime
    cleaned_at: datetime | None


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
class Timings:
    """Where a photo's time went; durations, in milliseconds."""

    upload_ms: int = 0
    prepare_ms: int = 0
    wait_ms: int = 0
    provider_ms: int = 0
    store_ms: int = 0
    total_ms: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """The record of one ingest."""

    job_id: UUID
    slot_id: str
    slot_version: int
    source: JobSource
    status: JobStatus
    failure_code: str | None
    provider_code: str | None
    provider: str | None
    operation: str | None
    attempts: tuple[Mapping[str, Any], ...]
    client_fields: Mapping[str, str]
    client_address: str | None
    request_id: str | None
    input_content_type: str
    input_width: int
    input_height: int
    input_size_bytes: int
    input_sha256: str
    result_content_type: str | None
    result_width: int | None
    result_height: int | None
    result_size_bytes: int | None
    result_sha256: str | None
    timings: Mapping[str, int]
    cost: float | None
    started_at: datetime
    deadline_at: datetime
    finished_at: datetime | None
    result_expires_at: datetime | None
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

    @classmethod
    def pending(
        cls,
        *,
        job_id: UUID,
        slot_id: str,
        slot_version: int,
        source: JobSource,
        provider: str,
        operation: str,
        client_fields: Mapping[str, str],
        client_address: str,
        request_id: str,
        photo: Picture,
        started_at: datetime,
        deadline_at: datetime,
        event_id: UUID | None = None,
        guest_key: str | None = None,
    ) -> Job:
        """Return the record of a photo that is about to be processed."""
        return cls(
            job_id=job_id,
            slot_id=slot_id,
            slot_version=slot_version,
            source=source,
            status=JobStatus.PENDING,
            failure_code=None,
            provider_code=None,
            provider=provider,
            operation=operation,
            attempts=(),
            client_fields=client_fields,
            client_address=client_address,
            request_id=request_id,
            input_content_type=photo.content_type,
            input_width=photo.width,
            input_height=photo.height,
            input_size_bytes=photo.size_bytes,
            input_sha256=photo.sha256,
            result_content_type=None,
            result_width=None,
            result_height=None,
            result_size_bytes=None,
            result_sha256=None,
            timings={},
            cost=None,
            started_at=started_at,
            deadline_at=deadline_at,
            finished_at=None,
            result_expires_at=None,
            event_id=event_id,
            guest_key=guest_key,
        )


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """Something that changed, for live views; ids increase in the order of commits."""

    message_id: int
    kind: str
    data: Mapping[str, Any]
    at: datetime
