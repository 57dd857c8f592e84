"""The bounds of the settings, some of which slots and events have too."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from photobooth_daemon.config.public_address import WebAddress


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A setting that is a whole number within bounds."""

    minimum: int
    maximum: int

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def schema_or_null(self) -> dict[str, Any]:
        """Return the schema where null means the setting's own value."""
        return {**self.schema(), "type": ["integer", "null"]}

    def accept(self, value: Any) -> int:
        """Return the value as it is stored.

        Raises:
            ValueError: with words for the administrator.
        """
        whole = _number(value) and float(value).is_integer()
        if not whole or not self.minimum <= value <= self.maximum:
            raise ValueError(f"must be a whole number from {self.minimum} to {self.maximum}")
        return int(value)


@dataclass(frozen=True, slots=True)
class Amount:
    """A setting that is a number from zero up to a bound, or null for none."""

    maximum: float

    def schema(self) -> dict[str, Any]:
        return {"type": ["number", "null"], "minimum": 0, "maximum": self.maximum}

    def accept(self, value: Any) -> float | None:
        """Return the value as it is stored.

        Raises:
            ValueError: with words for the administrator.
        """
        if value is None:
            return None
        if not _number(value) or not 0 <= value <= self.maximum:
            raise ValueError(f"must be a number from 0 to {self.maximum:.0f}, or null for no cap")
        return float(value)


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting that is one of a few words."""

    words: tuple[str, ...]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}

    def accept(self, value: Any) -> str:
        """Return the value as it is stored.

        Raises:
            ValueError: with words for the administrator.
        """
        if not isinstance(value, str) or value not in self.words:
            raise ValueError(f"must be one of {', '.join(self.words)}")
        return value


LARGEST_UPLOAD_MB = 50
WINDOW_SECONDS = WholeNumber(10, 60)
RESULT_HOURS = WholeNumber(1, 2160)
COST_CAP = Amount(1e9)
BOUNDS: Mapping[str, WholeNumber | Amount | Choice | WebAddress] = {
    "sync_response_seconds": WINDOW_SECONDS,
    "result_ttl_hours": RESULT_HOURS,
    "max_upload_mb": WholeNumber(1, LARGEST_UPLOAD_MB),
    "max_pixels": WholeNumber(1_000_000, 200_000_000),
    "slot_concurrency": WholeNumber(1, 30),
    "slot_queue": WholeNumber(0, 200),
    "provider_concurrency": WholeNumber(1, 100),
    "attempts_per_photo": WholeNumber(1, 50),
    "min_free_mb": WholeNumber(0, 1_000_000),
    "history_days": WholeNumber(1, 3650),
    "cost_cap_per_day": COST_CAP,
    "locale": Choice(("ru", "en")),
    "public_url": WebAddress(),
}


def _number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # JSON spells whole numbers that no float can hold.
    return abs(value) <= sys.float_info.max
