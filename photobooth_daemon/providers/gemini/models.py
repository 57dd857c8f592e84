"""What each Gemini model can be asked for, read from ``x-models`` of the schema file.

Model names change every few months: a name that no row matches is asked for
whatever the slot says, and only what a model is known to refuse is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

AUTO = "auto"
SIZES = ("512", "1K", "2K", "4K")
NEAR_ENOUGH = 0.03
"""A photo this near to a supported ratio is asked for in it; else the model follows the photo."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One row: which models, and what they take."""

    models: str
    aspect_ratios: Sequence[str]
    image_sizes: Sequence[str]
    thinking_levels: Sequence[str]


def capabilities_of(rows: Iterable[Mapping[str, Any]], model: str) -> Capabilities:
    """Return the first row whose pattern matches; the last one matches everything."""
    for row in rows:
        if fnmatchcase(model, row["models"]):
            return Capabilities(
                row["models"], row["aspect_ratios"], row["image_sizes"], row["thinking_levels"]
            )
    return Capabilities("*", (), SIZES, ())


def aspect_ratio_for(able: Capabilities, wanted: str, width: int, height: int) -> str | None:
    """Return the ratio to ask for, or None to leave it to the model."""
    if wanted != AUTO:
        return wanted if wanted in able.aspect_ratios else None
    own = width / height
    near = min(able.aspect_ratios, key=lambda ratio: _distance(ratio, own), default=None)
    return near if near is not None and _distance(near, own) <= NEAR_ENOUGH else None


def image_size_for(able: Capabilities, wanted: str) -> str | None:
    """Return the size to ask for: the wanted one, else the nearest that the model has."""
    if wanted == AUTO or not able.image_sizes:
        return None
    return min(able.image_sizes, key=lambda size: abs(SIZES.index(size) - SIZES.index(wanted)))


def thinking_level_for(able: Capabilities, wanted: str) -> str | None:
    """Return the level to ask for, or None to leave it to the model."""
    return wanted.upper() if wanted in able.thinking_levels else None


def _distance(ratio: str, own: float) -> float:
    width, _, height = ratio.partition(":")
    named = int(width) / int(height)
    return max(named / own, own / named) - 1
