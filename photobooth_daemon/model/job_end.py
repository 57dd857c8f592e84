"""How a job ends, as it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from photobooth_daemon.model.jobs import JobStatus, SentPrompts


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """What is recorded about a stored result and its preview."""

    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    preview_size_bytes: int
    expires_at: datetime
    preview_content_type: str = "image/jpeg"


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job left ``pending``."""

    status: JobStatus
    finished_at: datetime
    failure_code: str | None = None
    provider_code: str | None = None
    provider: str | None = None
    operation: str | None = None
    attempts: tuple[Mapping[str, Any], ...] = ()
    prompts: tuple[SentPrompts, ...] = ()
    timings: Mapping[str, int] = field(default_factory=dict)
    cost: float | None = None
    result: ResultFacts | None = None
    fallback: bool = False
    """Whether the booth got the untouched photo."""
    drops_original: bool = False
    """Whether a kept photo has no row any more: its file goes afterwards."""
