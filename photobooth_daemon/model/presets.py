"""A preset: a recipe to set a slot up with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from photobooth_daemon.model.slots import Rung, Slot

PROMPT = "prompt"
"""The parameter by which every provider is told what to do in words."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A recipe with its title in both languages, and which pictures there are of it.

    ``prompts`` are the same words in both languages, where words are all there is to it: any
    provider that takes a prompt makes it, and ``provider`` is only the first of them.
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
    prompts: Mapping[str, str] | None = None
    sampled_at: datetime | None = None

    def is_recipe_of(self, one: Slot | Rung) -> bool:
        """Return whether a slot or a rung does what this says; other params may be set beside."""
        if self.prompts is not None:
            return one.params.get(PROMPT) in self.prompts.values()
        return (one.provider, one.operation) == (self.provider, self.operation) and all(
            name in one.params and one.params[name] == value for name, value in self.params.items()
        )
