"""What guests' pages say, in the reader's language: words, numbers, dates."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("ru", "en")


@cache
def texts_of(language: str) -> dict[str, Any]:
    """Return all texts of a language.

    Raises:
        ValueError: there are none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no texts for {language}")
    raw = (files("photobooth_daemon.ui") / "guest" / f"{language}.json").read_text("utf-8")
    texts: dict[str, Any] = json.loads(raw)
    return texts


def choose_language(accept_language: str | None, fallback: str = "en") -> str:
    """Return the language of ours that the reader prefers: RFC 9110's weights, first match wins.

    Without a header, or where the reader takes anything, it is ``fallback``; a
    reader who names only other languages gets English.
    """
    if not accept_language:
        return fallback
    best, best_weight = "en", 0.0
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        language = fallback if primary == "*" else primary
        weight = _weight(parameters)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def time_left(texts: dict[str, Any], now: datetime, until: datetime) -> str:
    """Return how long it is until an instant, in whole days, hours or minutes."""
    minutes = max(int((until - now).total_seconds()) // 60, 1)
    hours, days = minutes // 60, minutes // (60 * 24)
    if days >= 2:
        return plural(texts["day"], days)
    if hours >= 1:
        return plural(texts["hour"], hours)
    return plural(texts["minute"], minutes)


def plural(forms: dict[str, str], n: int) -> str:
    """CLDR's cardinal rules for whole numbers: English has one/other, Russian one/few/many."""
    if "many" not in forms:
        form = "one" if n == 1 else "other"
    elif n % 10 == 1 and n % 100 != 11:
        form = "one"
    elif 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14:
        form = "few"
    else:
        form = "many"
    return forms[form].format(n=n)


def utc_text(texts: dict[str, Any], at: datetime) -> str:
    """Return an instant as people write it, in UTC; a script may put it into local time."""
    at = at.astimezone(UTC)
    return str(
        texts["date"].format(
            day=at.day, month=texts["months"][at.month - 1], year=at.year, time=f"{at:%H:%M}"
        )
    )


def size_text(texts: dict[str, Any], size_bytes: int) -> str:
    """Return a file's size as people write it."""
    mb = size_bytes / 1_048_576
    if mb >= 1:
        number = f"{mb:.1f}".replace(".", texts["decimal_mark"])
        return str(texts["mb"].format(n=number))
    return str(texts["kb"].format(n=max(round(size_bytes / 1024), 1)))


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
