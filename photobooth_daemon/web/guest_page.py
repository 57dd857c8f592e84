"""The guest's page: a picture to look at and to take home, in plain HTML.

Pure text making: no database, no request. Every value that reaches the page is
HTML-escaped here, whatever it holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

LANGUAGES = ("ru", "en")

GUEST_PAGE_CSP = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


class GuestState(StrEnum):
    """What the guest finds behind the link."""

    READY = "ready"
    EXPIRED = "expired"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class GuestFacts:
    """What a page with a picture has to say; ``now`` is the clock's, for the time left.

    ``page_link`` and ``preview_link`` are absolute, the rest are paths on this host.
    """

    page_link: str
    preview_link: str
    result_url: str
    download_url: str
    qr_url: str
    width: int
    height: int
    size_bytes: int
    expires_at: datetime
    now: datetime


def render_guest_page(state: GuestState, language: str, facts: GuestFacts | None = None) -> str:
    """Return the whole page as HTML, everything in it escaped.

    Raises:
        ValueError: ``ready`` without facts, or a language without texts.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no texts for {language}")
    texts = _texts(language)
    own = texts[state]
    if state is GuestState.READY:
        if facts is None:
            raise ValueError("a ready page needs facts")
        body = _fill("ready.html", own | _values(texts, facts))
        meta = _fill("ready_meta.html", own | _values(texts, facts))
    else:
        body, meta = _fill("ended.html", own), ""
    return _template("page.html").substitute(
        language=language, state=state, title=escape(own["title"]), meta=meta, body=body
    )


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


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _values(texts: dict[str, Any], facts: GuestFacts) -> dict[str, Any]:
    life = texts["ready"]["life"].format(
        left=_time_left(texts, facts), date=_date(texts, facts.expires_at)
    )
    return {
        "page_link": facts.page_link,
        "preview_link": facts.preview_link,
        "result_url": facts.result_url,
        "download_url": facts.download_url,
        "qr_url": facts.qr_url,
        "width": facts.width,
        "height": facts.height,
        "size": _size(texts, facts.size_bytes),
        "life": life,
    }


def _time_left(texts: dict[str, Any], facts: GuestFacts) -> str:
    minutes = max(int((facts.expires_at - facts.now).total_seconds()) // 60, 1)
    hours, days = minutes // 60, minutes // (60 * 24)
    if days >= 2:
        return _plural(texts["day"], days)
    if hours >= 1:
        return _plural(texts["hour"], hours)
    return _plural(texts["minute"], minutes)


def _plural(forms: dict[str, str], n: int) -> str:
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


def _date(texts: dict[str, Any], at: datetime) -> str:
    at = at.astimezone(UTC)
    return str(
        texts["date"].format(
            day=at.day, month=texts["months"][at.month - 1], year=at.year, time=f"{at:%H:%M}"
        )
    )


def _size(texts: dict[str, Any], size_bytes: int) -> str:
    mb = size_bytes / 1_048_576
    if mb >= 1:
        number = f"{mb:.1f}".replace(".", texts["decimal_mark"])
        return str(texts["mb"].format(n=number))
    return str(texts["kb"].format(n=max(round(size_bytes / 1024), 1)))


def _fill(name: str, values: dict[str, Any]) -> str:
    return _template(name).substitute({key: escape(str(value)) for key, value in values.items()})


@cache
def _template(name: str) -> Template:
    return Template((files("photobooth_daemon.ui") / "guest" / name).read_text("utf-8"))


@cache
def _texts(language: str) -> dict[str, Any]:
    raw = (files("photobooth_daemon.ui") / "guest" / f"{language}.json").read_text("utf-8")
    texts: dict[str, Any] = json.loads(raw)
    return texts
