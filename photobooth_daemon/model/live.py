"""What live views are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TOLD_TO_VIEWERS = frozenset({"job", "slot", "event", "settings", "health"})
"""The kinds that the HTTP contract has; others are between processes."""


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """Something that changed, for viewers and processes; ids increase in the order of commits."""

    message_id: int
    kind: str
    data: Mapping[str, Any]
    at: datetime
