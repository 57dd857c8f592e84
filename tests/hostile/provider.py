"""A provider that answers orders for pictures with whatever it is given, in turn."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

Answer = tuple[bytes, dict[str, str]]
"""A body and the headers that it comes with."""


@dataclass
class HostileProvider:
    """Speaks as an OpenAI Images API does; each answer is sent as it stands."""

    answers: list[Answer] = field(default_factory=list)
    orders: int = 0

    def start(self) -> str:
        """Listen on the running loop and return the base URL."""
        self._server = HTTPServer(Application([(r"/.*", _Answer, {"provider": self})]))
        self._server.listen(0, "127.0.0.1")
        port = next(iter(self._server._sockets.values())).getsockname()[1]
        return f"http://127.0.0.1:{port}/v1"

    async def stop(self) -> None:
        self._server.stop()
        await self._server.close_all_connections()


def with_picture(picture: bytes) -> Answer:
    """Return the answer that holds this file."""
    made = {"data": [{"b64_json": base64.b64encode(picture).decode()}]}
    return json.dumps(made).encode(), {}


class _Answer(RequestHandler):
    def initialize(self, provider: HostileProvider) -> None:
        self._provider = provider

    def post(self) -> None:
        answers = self._provider.answers
        body, headers = answers[self._provider.orders % len(answers)]
        self._provider.orders += 1
        self.set_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.set_header(name, value)
        self.write(body)
