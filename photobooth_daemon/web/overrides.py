"""``X-Override-Freeze``: why something is changed all the same while an event runs."""

from __future__ import annotations

from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest

from photobooth_daemon.administration.stated_reason import (
    FEWEST_REASON_CHARACTERS,
    MOST_REASON_CHARACTERS,
    stated_reason,
)
from photobooth_daemon.errors import InvalidRequest

HEADER = "X-Override-Freeze"
EXTENDED = "utf-8''"
"""What begins a value in other letters than a header has (RFC 8187): browsers send no others."""


def override_reason(request: HTTPServerRequest) -> str | None:
    """Return the stated reason, or None without one.

    Raises:
        InvalidRequest: it is too short or too long to be one.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return None
    # Header bytes reach us as latin-1 (RFC 9110, 5.5): back to what was typed.
    text = given.encode("latin-1", "replace").decode("utf-8", "replace")
    if text.lower().startswith(EXTENDED):
        text = unquote(text[len(EXTENDED) :], errors="replace")
    reason = stated_reason(text)
    if reason is None:
        raise InvalidRequest(
            f"{HEADER} states a reason of {FEWEST_REASON_CHARACTERS} to"
            f" {MOST_REASON_CHARACTERS} characters."
        )
    return reason
