"""Lengths and instants as people type them: ``90m``, ``2h``, ``7d``, ``2026-11-22T18:00``."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d")
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[ Tt]\d\d:\d\d")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def parse_length(text: str) -> timedelta:
    """Return a length of time written with its unit.

    Raises:
        click.BadParameter: it is not one.
    """
    match = _LENGTH.fullmatch(text.strip().lower())
    if match is None:
        raise click.BadParameter(f"{text!r} is not a length such as 90m, 2h or 7d")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def parse_instant(text: str) -> datetime | timedelta:
    """Return an instant, local unless it says otherwise, or how long ago it was.

    Raises:
        click.BadParameter: it is neither.
    """
    if _LENGTH.fullmatch(text.strip().lower()):
        return parse_length(text)
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is neither a length such as 12h nor a time such as 2026-11-22T18:00"
        ) from error


def parse_wall_clock(text: str, after: datetime, *, same_day: bool = False) -> datetime:
    """Return an instant: ``2026-11-28 18:00`` here, RFC 3339, or the next ``18:00``.

    The next one is the first later than ``after``; on that very day with ``same_day``.

    Raises:
        click.BadParameter: it is none of these.
    """
    try:
        if _TIME_OF_DAY.fullmatch(text.strip()):
            local = after.astimezone()
            found = datetime.combine(local.date(), time.fromisoformat(text.strip().zfill(5)))
            if not same_day and found <= local.replace(tzinfo=None):
                found += timedelta(days=1)
            return found.astimezone()
        if _DATE_AND_TIME.match(text.strip()):
            return datetime.fromisoformat(text.strip().upper()).astimezone()
    except ValueError:
        pass
    raise click.BadParameter(
        f"{text!r} is no time such as “2026-11-28 18:00”, 18:00 or 2026-11-28T18:00:00Z"
    )


def instant_of(value: datetime | timedelta, now: datetime) -> datetime:
    """Return the instant that :func:`parse_instant` read, where a length counts back from now."""
    return value if isinstance(value, datetime) else now - value
