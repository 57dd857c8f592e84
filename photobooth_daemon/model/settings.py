"""What administrators change while the daemon runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


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
    public_url: str | None = None


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
