"""``X-Override-Freeze``: why something is changed all the same while an event runs."""

from __future__ import annotations

from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest

from photobooth_daemon.errors import InvalidRequest, storable

HEADER = "X-Override-Freeze"
FEWEST_CHARACTERS = 3
MOST_CHARACTERS = 200
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
    text = storable(" ".join(text.split()))
    if not FEWEST_CHARACTERS <= len(text) <= MOST_CHARACTERS:
        raise InvalidRequest(
            f"{HEADER} states a reason of {FEWEST_CHARACTERS} to {MOST_CHARACTERS} characters."
        )
    return text
