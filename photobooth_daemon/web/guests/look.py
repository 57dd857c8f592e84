"""How guests' pages look: plain, or as the event wants them, readable whatever colour it chose."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from photobooth_daemon.model.events import Event, GuestLook
from photobooth_daemon.web.guests.texts import LANGUAGES, choose_language

LIGHT_INK, DARK_INK = "#ffffff", "#000000"


@dataclass(frozen=True, slots=True)
class Look:
    """What all pages of one event share; without an event nothing is set.

    ``style`` holds the colours, as the text of a style element.
    """

    title: str = ""
    greeting: str = ""
    style: str = ""
    logo_url: str | None = None
    locale: str = "auto"

    def language(self, accept_language: str) -> str:
        """Return the language that the event fixed, else the one that the reader prefers."""
        return self.locale if self.locale in LANGUAGES else choose_language(accept_language)

    def policy(self, images: str = "'self'") -> str:
        """Return the Content-Security-Policy: our own files, and this one style element."""
        style = "style-src 'self'"
        if self.style:
            digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
            style += f" 'sha256-{digest}'"
        return (
            f"default-src 'none'; img-src {images}; {style}; script-src 'self'; "
            "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )


def look_of(event: Event, logo_url: str) -> Look:
    """Return the look of an event's pages; ``logo_url`` is where its logo would be."""
    guest = event.guest
    return Look(
        title=event.title(),
        greeting=guest.greeting,
        style=_style(guest.accent),
        logo_url=None if guest.logo_media_id is None else logo_url,
        locale=guest.locale,
    )


def ink_on(colour: str) -> str:
    """Return the ink, black or white, that is read best on ``#rrggbb``: at least 4.5 to 1."""
    light = _luminance(colour)
    on_light, on_dark = (light + 0.05) / 0.05, 1.05 / (light + 0.05)
    return DARK_INK if on_light >= on_dark else LIGHT_INK


def _style(accent: str) -> str:
    if accent == GuestLook().accent:
        # The style sheet has it, with a shade for the dark.
        return ""
    return (
        f":root{{--accent:{accent};--accent-ink:{ink_on(accent)};"
        "--accent-line:var(--line);--focus:var(--ink)}"
    )


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
