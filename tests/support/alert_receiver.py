"""Where alerts go by webhook: notes what it is told, and answers as the test says."""

from __future__ import annotations

import json
from typing import Any

import tornado.web

Told = list[tuple[str, Any]]
"""The path of each request, and its JSON; None of one without a body."""


class Receiver(tornado.web.RequestHandler):
    """Answers with ``statuses`` one after the other, then with 200."""

    def initialize(self, seen: Told, statuses: list[int]) -> None:
        self.seen, self.statuses = seen, statuses

    def get(self) -> None:
        self._note(None)

    def post(self) -> None:
        self._note(json.loads(self.request.body))

    def _note(self, told: Any) -> None:
        self.seen.append((self.request.path, told))
        self.set_status(self.statuses.pop(0) if self.statuses else 200)


def receiver_app(seen: Told, statuses: list[int]) -> tornado.web.Application:
    """Return an application that takes alerts under any path."""
    return tornado.web.Application([("/.*", Receiver, {"seen": seen, "statuses": statuses})])
