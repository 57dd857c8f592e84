"""The daemon on a machine whose clock is wrong by ``SHIFTED_SECONDS``.

An alert that has to hold for a while before anyone is told has to for ``HOLD_SECONDS`` at most.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta

from photobooth_daemon.clock import Clock
from photobooth_daemon.monitoring.alerts import board
from photobooth_daemon.process.main import main

MODULE = "tests.support.shifted_daemon"


def shift(seconds: float) -> None:
    """Set the one clock that everything asks; what durations are measured by goes on."""
    right = Clock.utcnow

    def wrong(self: Clock) -> datetime:
        return right(self) + timedelta(seconds=seconds)

    Clock.utcnow = wrong  # type: ignore[method-assign]


def hold(most_seconds: float) -> None:
    """Let no alert have to hold for longer than this."""
    board.RULES = {
        name: replace(rule, hold_seconds=min(rule.hold_seconds, most_seconds))
        for name, rule in board.RULES.items()
    }


if __name__ == "__main__":
    shift(float(os.environ.get("SHIFTED_SECONDS", "0")))
    hold(float(os.environ.get("HOLD_SECONDS", "inf")))
    main()
