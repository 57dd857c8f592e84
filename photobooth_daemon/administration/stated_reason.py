"""The reason that somebody states who changes something which a running event keeps as it is."""

from __future__ import annotations

from photobooth_daemon.errors import storable

FEWEST_REASON_CHARACTERS = 3
MOST_REASON_CHARACTERS = 200


def stated_reason(text: str) -> str | None:
    """Return a reason as the audit log keeps it; None for a text too short or long to be one."""
    reason = storable(" ".join(text.split()))
    fits = FEWEST_REASON_CHARACTERS <= len(reason) <= MOST_REASON_CHARACTERS
    return reason if fits else None
