"""The daemon on a machine whose clock is wrong by ``SHIFTED_SECONDS``."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from photobooth_daemon.clock import Clock
from photobooth_daemon.process.main import main

MODULE = "tests.support.shifted_daemon"


def shift(seconds: float) -> None:
    """Set the one clock that everything asks; what durations are measured by goes on."""
    right = Clock.utcnow

    def wrong(self: Clock) -> datetime:
        return right(self) + timedelta(seconds=seconds)

    Clock.utcnow = wrong  # type: ignore[method-assign]


if __name__ == "__main__":
    shift(float(os.environ["SHIFTED_SECONDS"]))
    main()
