"""The application that all routes live in."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.web import Application

INGEST = "/api/ingest/"


class DaemonApplication(Application):
    """Tornado's, which also knows targets as others write them (RFC 9112, 3.2.2)."""

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> Any:
        """Return what answers the request, whichever form its target has."""
        target = str(request.uri)
        if target.lower().startswith(("http://", "https://")):
            with suppress(ValueError):  # Brackets around no address: no route has such a path.
                parts = urlsplit(target)
                request.host = parts.netloc or request.host
                request.path = parts.path or "/"
                request.uri = request.path + (f"?{parts.query}" if parts.query else "")
        if request.path.startswith(INGEST):
            # Booth software's fields are typed into by people, and some of it adds a slash.
            request.path = request.path.rstrip("/")
        return super().find_handler(request, **options)
