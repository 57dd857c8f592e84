"""A preset: a recipe to set a slot up with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from photobooth_daemon.model.slots import Slot


@dataclass(frozen=True, slots=True)
class Preset:
    """A recipe with its title in both languages, and which pictures there are of it.

    ``sampled_at`` is when a test run made those that are shown; None where none did.
    """

    preset_id: str
    title: Mapping[str, str]
    provider: str
    operation: str
    params: Mapping[str, Any]
    output: Mapping[str, Any] = field(default_factory=dict)
    builtin: bool = False
    has_before: bool = False
    has_after: bool = False
    sampled_at: datetime | None = None

    def is_recipe_of(self, slot: Slot) -> bool:
        """Return whether the slot does what this says; other params may be set beside."""
        return (slot.provider, slot.operation) == (self.provider, self.operation) and all(
            name in slot.params and slot.params[name] == value
            for name, value in self.params.items()
        )
