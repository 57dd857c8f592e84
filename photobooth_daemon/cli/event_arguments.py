"""What ``event set`` is told: times as people say them, slots by number, the rest as in JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from photobooth_daemon.cli.assignments import read_assignments
from photobooth_daemon.cli.durations import parse_wall_clock
from photobooth_daemon.clock import rfc3339
from photobooth_daemon.model.events import Event

TEXTS = frozenset(
    {
        "name", "starts", "ends", "starts_at", "ends_at", "slots", "gallery.pin", "guest.title",
        "guest.greeting", "guest.accent", "stamp.text",
    }
)  # fmt: skip
"""A PIN of 2468 is no number, and neither is a year that an evening is named after."""
SHORT_KEYS = {"starts": "starts_at", "ends": "ends_at"}
_JSON_MARKS = str.maketrans("[]\"'", "    ")
_SLOT = re.compile(r"(?:slot-)?0*(\d{1,2})")


def read_event(
    document: Mapping[str, Any], arguments: Sequence[str], now: datetime, before: Event | None
) -> dict[str, Any]:
    """Return the change that a document and arguments ask for; the arguments win.

    Raises:
        click.UsageError: an argument is no KEY=VALUE, no time or no list of slots.
    """
    typed = read_assignments(arguments, TEXTS)
    for short, key in SHORT_KEYS.items():
        if short in typed:
            typed[key] = typed.pop(short)
    if isinstance(typed.get("starts_at"), str):
        begin = parse_wall_clock(typed["starts_at"], now, same_day=True)
        typed["starts_at"] = rfc3339(begin)
    else:
        begin = now if before is None else before.starts_at
    if isinstance(typed.get("ends_at"), str):
        typed["ends_at"] = rfc3339(parse_wall_clock(typed["ends_at"], begin))
    if isinstance(typed.get("slots"), str):
        typed["slots"] = _slots(typed["slots"])
    return {**document, **typed}


def _slots(text: str) -> list[str]:
    if text.lower() == "all":
        return []
    found = []
    for word in re.split(r"[,\s]+", text.translate(_JSON_MARKS).strip()):
        match = _SLOT.fullmatch(word)
        if match is None:
            raise click.BadParameter(f"slots={text!r} is not all, 1,3 or slot-001,slot-003")
        found.append(f"slot-{int(match[1]):03}")
    return found
