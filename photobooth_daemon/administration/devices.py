"""Browsers that an administrator has logged in from: strangers' failures do not count against them.

A signed note, kept by the browser, says who has logged in there. It opens
nothing; a login that brings it is counted by itself instead of with everybody
behind the same address, so that nobody in the hall keeps an administrator out.
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from photobooth_daemon.clock import Clock

LIFE_SECONDS = 180 * 24 * 3600
_NOTE = re.compile(r"([A-Za-z0-9_-]{16})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class Devices:
    """Makes and reads the notes."""

    def __init__(self, signing_key: bytes, clock: Clock) -> None:
        self._key = hmac.digest(signing_key, b"photobooth-daemon devices", hashlib.sha256)
        self._clock = clock

    def note(self, username: str, token_version: int, known: str | None = None) -> str:
        """Return a note for a browser that has just logged in; ``known`` is the device's id."""
        device_id = known or secrets.token_urlsafe(12)
        ends = str(int(self._clock.utcnow().timestamp()) + LIFE_SECONDS)
        return f"{device_id}.{ends}.{self._seal(username, token_version, device_id, ends)}"

    def find(self, note: str | None, username: str, token_version: int) -> str | None:
        """Return the device's id if ``username`` has logged in there with this password."""
        found = _NOTE.fullmatch(note or "")
        if found is None:
            return None
        device_id, ends, seal = found.groups()
        expected = self._seal(username, token_version, device_id, ends)
        if not hmac.compare_digest(seal, expected):
            return None
        return device_id if int(ends) > self._clock.utcnow().timestamp() else None

    def _seal(self, username: str, token_version: int, device_id: str, ends: str) -> str:
        text = "\0".join((username, str(token_version), device_id, ends))
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
