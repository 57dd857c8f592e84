"""Cookies as browsers send ours: without quotes, for nothing in their values needs any."""

from __future__ import annotations

from tornado.httputil import HTTPServerRequest


def find_cookie(request: HTTPServerRequest, name: str) -> str | None:
    """Return the value of a cookie, the last one of this name; None without.

    Tornado takes quotes and escapes off all of them, before 6.4.2 in quadratic time.
    """
    found = None
    for pair in request.headers.get("Cookie", "").split(";"):
        key, equals, value = pair.partition("=")
        if equals and key.strip() == name:
            found = value.strip()
    return found
