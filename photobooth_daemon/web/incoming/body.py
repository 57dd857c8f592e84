"""A request's body: kept while it is small, handed on piece by piece, drained after a refusal.

A client that did not wait for ``100 Continue`` is drained for a while and then
answered, because a connection closed under its feet would show it a broken pipe
instead of the reason.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Protocol

from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError

from photobooth_daemon.deadline import ANSWER_MARGIN_SECONDS, Deadline
from photobooth_daemon.errors import PayloadTooLarge, PhotoboothError
from photobooth_daemon.model import MB
from photobooth_daemon.web.incoming.connections import read_much, say_continue, unread_bytes

MAX_JSON_BYTES = MB
DRAIN_BYTES = 8 * MB
DRAIN_SECONDS = 5.0
EXPECTED = "100-continue"
MAX_LENGTH_DIGITS = 18

Refusal = PhotoboothError | HTTPError


class Taker(Protocol):
    """Who takes a body piece by piece."""

    def feed(self, chunk: bytes) -> Awaitable[None]:
        """Take a piece; the next one is read when this one is taken."""
        ...


class Body:
    """One request's; ``answer`` sends the refusal, once, when the client can hear it."""

    def __init__(self, request: HTTPServerRequest, answer: Callable[[], None]) -> None:
        self.data = bytearray()
        self.max_bytes = MAX_JSON_BYTES
        self.drain_bytes = DRAIN_BYTES
        self.drain_seconds = DRAIN_SECONDS
        self.refusal: Refusal | None = None
        self.refused: Callable[[], None] | None = None
        """Called at a refusal: what was held for the rest of the body can be given up."""
        self.due: Deadline | None = None
        """When the answer has to be out, however long a drain would take."""
        self.announced_bytes = _content_length(request)
        self._answer = answer
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._asked_for_a_word = request.headers.get("Expect", "").lower() == EXPECTED
        self._taker: Taker | None = None
        self._drained_bytes = 0
        self._drain_timer: asyncio.TimerHandle | None = None
        self._is_over = False

    def go_to(self, taker: Taker) -> None:
        """Hand the pieces on, as large as they come, instead of keeping them."""
        read_much(self._request, self.announced_bytes)
        self._taker = taker

    def invite(self) -> None:
        """Tell a client that waits for a word to send; called once the request is admitted."""
        if self._asked_for_a_word and self._request.headers["Expect"] != EXPECTED:
            # In any case of letters (RFC 9110, 10.1.1); Tornado knows this one, and answers it.
            say_continue(self._request)

    def receive(self, chunk: bytes) -> Awaitable[None] | None:
        """Take the next piece."""
        # Whoever asked for a word has had it: a refusal from now on has to drain.
        self._asked_for_a_word = False
        if self.refusal is not None:
            self._drained_bytes += len(chunk)
            if self._drained_bytes > self.drain_bytes:
                self.answer_refusal()
            return None
        if self._taker is not None:
            return self._taker.feed(chunk)
        self.data += chunk
        if len(self.data) > self.max_bytes:
            self.data.clear()
            self.refuse(PayloadTooLarge())
        return None

    def refuse(self, error: Refusal) -> None:
        """Answer ``error``: at once if the client waits for a word, else after a bounded drain."""
        if self.refusal is not None or self._is_over:
            return
        self.refusal = error
        if self.refused is not None:
            self.refused()
        if self.due is not None:
            left = self.due.remaining_seconds() - ANSWER_MARGIN_SECONDS
            self.drain_seconds = max(0.0, min(self.drain_seconds, left))
        if self._waits_for_a_word() or self.announced_bytes > self.drain_bytes:
            self.answer_refusal()
        else:
            self._drain_timer = self._loop.call_later(self.drain_seconds, self.answer_refusal)

    def refuse_now(self, error: Refusal) -> None:
        """Answer ``error`` without a drain: to a client that does not send."""
        self.refuse(error)
        self.answer_refusal()

    def answer_refusal(self) -> None:
        """Send the refusal, unless an answer has been sent."""
        self._stop_timer()
        if not self._is_over:
            self._answer()

    def end(self) -> None:
        """Stop: the answer is out, or the client gone."""
        self._is_over = True
        self._stop_timer()

    def _waits_for_a_word(self) -> bool:
        """Return whether nothing of the body is on its way: some wait a second, then send."""
        return self._asked_for_a_word and unread_bytes(self._request) == 0

    def _stop_timer(self) -> None:
        if self._drain_timer is not None:
            self._drain_timer.cancel()
            self._drain_timer = None


def _content_length(request: HTTPServerRequest) -> int:
    """Return the announced length, 0 where none is announced."""
    text = request.headers.get("Content-Length", "")
    if not (text.isascii() and text.isdigit()):
        return 0
    return int(text) if len(text) <= MAX_LENGTH_DIGITS else sys.maxsize
