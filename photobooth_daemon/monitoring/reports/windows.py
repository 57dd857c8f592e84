"""The stretches of time that statistics look back over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """How far back statistics look, in which steps their series go, and their durations."""

    name: str
    seconds: int
    stretch_seconds: int
    duration_stretch_seconds: int


WINDOWS: Mapping[str, Window] = {
    window.name: window
    for window in (
        Window("1h", 3600, 60, 300),
        Window("24h", 24 * 3600, 900, 3600),
        Window("7d", 7 * 24 * 3600, 7200, 21600),
    )
}
