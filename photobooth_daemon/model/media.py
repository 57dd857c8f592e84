"""Stored files with a life, and template pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class MediaKind(StrEnum):
    """What a media object's file is for."""

    PROVIDER_INPUT = "provider_input"
    RESULT = "result"
    PREVIEW = "preview"
    ORIGINAL = "original"


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
