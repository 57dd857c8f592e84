"""Guests' pages in plain HTML: a picture to look at, to take home, and to have deleted.

Pure text making: no database, no request. Tornado's templates escape every value
that reaches a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from tornado.template import DictLoader

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.web.guests.look import Look
from photobooth_daemon.web.guests.texts import size_text, texts_of, time_left, utc_text


class GuestState(StrEnum):
    """What the guest finds behind the link."""

    READY = "ready"
    AWAITED = "awaited"
    EXPIRED = "expired"
    REMOVED = "removed"
    NOT_FOUND = "not_found"
    WRONG_KEY = "wrong_key"


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


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a guest who has the key may do; ``is_asked_for`` unfolds the form."""

    url: str
    ask_url: str
    key: str
    is_asked_for: bool = False


def render_guest_page(
    state: GuestState,
    language: str,
    facts: GuestFacts | None = None,
    look: Look | None = None,
    deletion: Deletion | None = None,
) -> str:
    """Return the whole page as HTML, everything in it escaped.

    Raises:
        ValueError: ``ready`` without facts, or a language without texts.
    """
    texts = texts_of(language)
    if state is GuestState.AWAITED:
        return render("awaited.html", state, language, look, deletion=deletion)
    if state is not GuestState.READY:
        return render("ended.html", state, language, look, deletion=deletion)
    if facts is None:
        raise ValueError("a ready page needs facts")
    return render(
        "ready.html",
        state,
        language,
        look,
        facts=facts,
        deletion=deletion,
        size=size_text(texts, facts.size_bytes),
        life=life_parts(texts, facts.now, facts.expires_at),
    )


@dataclass(frozen=True, slots=True)
class LifeParts:
    """A sentence about an instant: what stands before it, the instant, what stands behind it."""

    before: str
    instant: str
    utc: str
    after: str


def life_parts(texts: dict[str, Any], now: datetime, expires_at: datetime) -> LifeParts:
    """Return how long a picture is kept, so that a script may put the date into local time."""
    left = time_left(texts, now, expires_at)
    before, after = texts["ready"]["life"].format(left=left, date="\0").split("\0")
    return LifeParts(before, rfc3339(expires_at), f"{utc_text(texts, expires_at)} UTC", after)


def render(name: str, state: str, language: str, look: Look | None, **values: Any) -> str:
    """Return the page of a template; ``t`` holds the state's own texts, ``common`` all others."""
    texts = texts_of(language)
    page = (
        _templates()
        .load(name)
        .generate(
            state=state,
            language=language,
            look=look or Look(),
            t=texts[state],
            common=texts,
            **values,
        )
    )
    return page.decode()


@cache
def _templates() -> DictLoader:
    folder = files("photobooth_daemon.ui") / "guest"
    return DictLoader(
        {
            entry.name: entry.read_text("utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(".html")
        }
    )
