"""The ingest password as the intake knows it: read anew when it turns out to be yesterday's."""

from __future__ import annotations

import logging
from collections.abc import Callable

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import ConfigError

AGAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


class IntakePassword:
    """Holds what ``read`` gave, and asks it again at most every few seconds."""

    def __init__(self, read: Callable[[], str | None], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._password = read()
        self._read_at = clock.monotonic()

    def current(self) -> str | None:
        """Return the password, None where there is none; a changed file is seen soon."""
        now = self._clock.monotonic()
        if now - self._read_at >= AGAIN_SECONDS:
            self._read_at = now
            try:
                self._password = self._read()
            except ConfigError as error:
                log.warning("the ingest password was not read again: %s", error.detail)
        return self._password
