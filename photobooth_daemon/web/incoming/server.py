"""Tornado's HTTP server, which also answers those who do not speak HTTP with a problem document.

A message that cannot be parsed never reaches a handler: Tornado writes a bare
status line by itself. Here that line gets the body, the type and the request
id that every other refusal has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from photobooth_daemon.errors import InvalidRequest
from photobooth_daemon.model import MB
from photobooth_daemon.web.incoming.connections import MOST_HEAD_BYTES, Connections, read_little
from photobooth_daemon.web.problems import CONTENT_TYPE, problem_of

IDLE_CONNECTION_SECONDS = 75
PIECE_BYTES = MB
"""How much of a body is taken at once: each piece costs the loop a fifth of a millisecond."""
BARE_REFUSAL = b"HTTP/1.1 400 Bad Request\r\n\r\n"
"""What Tornado writes to a client whose message it cannot parse."""

log = logging.getLogger(__name__)


class Server(HTTPServer):
    """The server of every listening socket of the daemon."""

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        """Take what Tornado's server takes, with our own limits."""
        kwargs["idle_connection_timeout"] = IDLE_CONNECTION_SECONDS
        kwargs["chunk_size"] = PIECE_BYTES
        kwargs["max_header_size"] = MOST_HEAD_BYTES
        self._accepted = Connections(kwargs.pop("trusted_proxies", ()))
        super().initialize(*args, **kwargs)

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve a connection, when its address has not too many."""
        read_little(stream)
        stream.write = _in_full(stream.write, address)  # type: ignore[method-assign, assignment]
        serve = super().handle_stream
        peer = str(address[0]) if address else ""
        self._accepted.admit(stream, peer, lambda: serve(stream, address))


def _in_full(write: Callable[[Any], Any], address: tuple[Any, ...]) -> Callable[[Any], Any]:
    def write_in_full(data: Any) -> Any:
        return write(_refusal(address) if data == BARE_REFUSAL else data)

    return write_in_full


def _refusal(address: tuple[Any, ...]) -> bytes:
    request_id = str(uuid4())
    problem = problem_of(InvalidRequest("This is not HTTP that can be understood."))
    body = problem.body()
    log.info(
        "malformed request",
        extra={"address": str(address[0]) if address else None, "request_id": request_id},
    )
    head = (
        f"HTTP/1.1 {int(problem.status)} {problem.status.phrase}\r\n"
        f"Content-Type: {CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Request-ID: {request_id}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
