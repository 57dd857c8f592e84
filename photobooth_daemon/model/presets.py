"""A preset: a recipe to set a slot up with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Preset:
    """A recipe with its title in both languages; ``sample`` tells whether there is a picture."""

    preset_id: str
    title: Mapping[str, str]
    provider: str
    operation: str
    params: Mapping[str, Any]
    output: Mapping[str, Any] = field(default_factory=dict)
    builtin: bool = False
    has_before: bool = False
    has_after: bool = False
