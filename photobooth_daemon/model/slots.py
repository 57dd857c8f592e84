"""A slot: its recipe, and what it was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from photobooth_daemon.model.pictures import Output


class ResponseMode(StrEnum):
    """What the body of a 200 is."""

    JSON = "json"
    IMAGE = "image"
    TEXT = "text"


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
