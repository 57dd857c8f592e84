"""Figures as people read them, in their language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from photobooth_daemon.model import MB

NARROW_SPACE = "\u202f"
"""Between a number and its unit, and between thousands: lines do not break there."""
_MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "ru": [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ],
}
_UNITS = {
    "en": {"seconds": "s", "mb": "MB", "gb": "GB"},
    "ru": {"seconds": "с", "mb": "МБ", "gb": "ГБ"},
}


def number(value: float, locale: str, decimals: int = 0) -> str:
    """Return a number with its thousands apart."""
    text = f"{value:,.{decimals}f}"
    if locale == "ru":
        return text.replace(",", NARROW_SPACE).replace(".", ",")
    return text


def seconds(ms: int | None, locale: str) -> str:
    """Return a duration in seconds."""
    return "–" if ms is None else _with_unit(ms / 1000, "seconds", locale, 1)


def size(size_bytes: int, locale: str) -> str:
    """Return how much space something takes."""
    if size_bytes >= 10 * 2**30:
        return _with_unit(size_bytes / 2**30, "gb", locale, 1)
    return _with_unit(size_bytes / MB, "mb", locale, 0)


def percent(share: float | None, locale: str) -> str:
    """Return a share, already in percent."""
    return "–" if share is None else f"{number(share, locale, 1)}{NARROW_SPACE}%"


def money(dollars: float, locale: str) -> str:
    """Return what something cost, in dollars, as providers' prices are."""
    amount = number(dollars, locale, 2)
    return f"{amount}{NARROW_SPACE}$" if locale == "ru" else f"${amount}"


def moment(at: datetime | None, locale: str) -> str:
    """Return an instant in the local time of the machine."""
    return "–" if at is None else f"{day(at, locale)}, {clock_time(at)}"


def day(at: datetime, locale: str) -> str:
    """Return the day of an instant."""
    local = at.astimezone()
    return f"{local.day} {_MONTHS[locale][local.month - 1]} {local.year}"


def clock_time(at: datetime) -> str:
    """Return the time of day of an instant."""
    return f"{at.astimezone():%H:%M}"


def moment_within(at: datetime, since: datetime, until: datetime, locale: str) -> str:
    """Return an instant of a stretch of time: without its day where the clock alone tells it."""
    return clock_time(at) if until - since < timedelta(days=1) else moment(at, locale)


def stretch(since: datetime, until: datetime, locale: str) -> str:
    """Return a stretch of time, its day once if it is one."""
    if since.astimezone().date() == until.astimezone().date():
        return f"{moment(since, locale)}–{clock_time(until)}"
    return f"{moment(since, locale)} – {moment(until, locale)}"


def counted(n: int, forms: Sequence[str], locale: str) -> str:
    """Return a number with its noun: one and other in English, one, few and many in Russian."""
    if locale == "en":
        form = forms[0] if n == 1 else forms[1]
    elif n % 10 == 1 and n % 100 != 11:
        form = forms[0]
    elif 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14:
        form = forms[1]
    else:
        form = forms[2]
    return f"{number(n, locale)} {form}"


def _with_unit(value: float, unit: str, locale: str, decimals: int) -> str:
    return f"{number(value, locale, decimals)}{NARROW_SPACE}{_UNITS[locale][unit]}"
