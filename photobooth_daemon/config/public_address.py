"""The address that links begin with: the start-up file's, else what administrators set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from photobooth_daemon.model import SettingsState

MOST_CHARACTERS = 200
PATTERN = r"^https?://[^\s/?#@\\]+(/[^\s?#@\\]*)?$"


class PublicAddress:
    """One process' knowledge of the address; whoever reads the settings has it follow them."""

    def __init__(self, configured: str | None) -> None:
        self.configured = configured
        self._set: str | None = None
        self._version = 0

    @property
    def url(self) -> str | None:
        """Return the address in force, without a trailing slash; None where there is none."""
        return self.configured or self._set

    def follow(self, state: SettingsState) -> None:
        """Take the address of these settings, unless newer ones have been seen."""
        if state.version >= self._version:
            self._version = state.version
            self._set = state.values.public_url

    def view(self, state: SettingsState) -> dict[str, str | None]:
        """Return what is in force under these settings, and who gives it."""
        if self.configured is not None:
            return {"url": self.configured, "source": "config"}
        url = state.values.public_url
        return {"url": url, "source": None if url is None else "administrator"}


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A setting that is an address of the web without user, query and fragment, or null."""

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "maxLength": MOST_CHARACTERS, "pattern": PATTERN}

    def accept(self, value: Any) -> str | None:
        """Return the value as it is stored: without a trailing slash.

        Raises:
            ValueError: with words for the administrator.
        """
        if value is None:
            return None
        if not isinstance(value, str) or not _is_address(value):
            raise ValueError(
                "must be an address such as https://booth.example or http://192.168.1.20:8080,"
                " or null"
            )
        return value.rstrip("/")


def _is_address(text: str) -> bool:
    if len(text) > MOST_CHARACTERS or not re.fullmatch(PATTERN, text) or not text.isprintable():
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return bool(parts.hostname)
