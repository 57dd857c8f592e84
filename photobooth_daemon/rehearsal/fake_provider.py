"""The rehearsal provider: every protocol on one port, with faults on demand.

``POST /_script`` queues behaviours, ``GET /_requests`` tells what was asked,
``DELETE`` on either forgets.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from photobooth_daemon.rehearsal import (
    fake_comfyui,
    fake_gemini,
    fake_openai,
    fake_turbotext,
)
from photobooth_daemon.rehearsal.fake_handler import FakeHandler, FakeState
from photobooth_daemon.rehearsal.fake_picture import EditingPainter, Painter
from photobooth_daemon.rehearsal.fake_request_log import RequestLog
from photobooth_daemon.rehearsal.fake_script import Lane, Script, UnknownBehaviour
from photobooth_daemon.rehearsal.fake_uplink import Uplink

PROTOCOLS: tuple[type[FakeHandler], ...] = (
    fake_gemini.GenerateHandler,
    fake_openai.EditsHandler,
    fake_turbotext.QueueHandler,
    fake_comfyui.PromptHandler,
)


def behaviours() -> dict[str, str]:
    """Return every behaviour that can be scripted, with a line about each."""
    known: dict[str, str] = {}
    for protocol in PROTOCOLS:
        known.update(protocol.behaviours())
    return known


class FakeProvider:
    """A server that speaks the providers' protocols; steered by ``script``, read by ``log``."""

    def __init__(
        self,
        *,
        painter: Painter | None = None,
        odds: Mapping[str, float] | None = None,
        delay_seconds: float | tuple[float, float] = 0.0,
        uplink_mbit: float | None = None,
        keys: Collection[str] = (),
        body_max_bytes: int = 20_000_000,
        seed: int | None = None,
    ) -> None:
        chance = random.Random(seed)  # noqa: S311 - faults, not secrets
        self.script = Script(behaviours(), odds, chance=chance)
        self.log = RequestLog()
        self._uplink = Uplink(uplink_mbit)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="fake-provider")
        delay = delay_seconds if isinstance(delay_seconds, tuple) else (delay_seconds,) * 2
        state = FakeState(
            script=self.script,
            log=self.log,
            uplink=self._uplink,
            painter=painter or EditingPainter(),
            threads=self._threads,
            keys=frozenset(keys),
            delay_seconds=delay,
            body_max_bytes=body_max_bytes,
            chance=chance,
        )
        application = Application(
            [
                (r"/_script", ScriptHandler, {"script": self.script}),
                (r"/_requests", RequestsHandler, {"log": self.log}),
                # Gemini's routes take any prefix, so the narrower ones go first.
                *fake_openai.rules(state),
                *fake_turbotext.rules(state),
                *fake_comfyui.rules(state),
                *fake_gemini.rules(state),
            ],
            log_function=lambda handler: None,
        )
        self._server = HTTPServer(application, max_body_size=1 << 30, max_buffer_size=1 << 30)
        self._address = ("127.0.0.1", 0)

    @property
    def url(self) -> str:
        """The base URL to configure; every protocol is found below it."""
        host, port = self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, on the running loop, and return the base URL.

        Raises:
            OSError: the address is taken or not ours.
        """
        sockets = self._uplink.bind(host, port)
        self._address = sockets[0].getsockname()[:2]
        self._server.add_sockets(sockets)
        return self.url

    async def go_away(self) -> None:
        """Cut every connection and refuse new ones; ``start`` on the same port takes them again."""
        self._server.stop()
        await self._server.close_all_connections()

    async def stop(self) -> None:
        """Stop listening and cut off whoever is still kept waiting."""
        await self.go_away()
        self._threads.shutdown(wait=False, cancel_futures=True)


class ScriptHandler(RequestHandler):
    """Steers the server from outside.

    ``{"queue": [{"do": "no_image", "times": 2}, …], "always": {"do": "hang"}}``;
    each entry may have ``times``, ``delay_seconds``, ``lane`` and the
    behaviour's own options.
    """

    def initialize(self, script: Script) -> None:
        self._script = script

    def post(self) -> None:
        try:
            document = json.loads(self.request.body)
            for entry in document.get("queue", []):
                self._script.then(**_entry(entry))
            if document.get("always"):
                self._script.always(**_entry(document["always"]))
        except (ValueError, TypeError, AttributeError) as error:
            text = str(error) if isinstance(error, UnknownBehaviour) else f"not a script: {error}"
            self.set_status(400)
            self.write({"error": text})
            return
        self.get()

    def get(self) -> None:
        self.write({"left": self._script.left(), "behaviours": behaviours()})

    def delete(self) -> None:
        self._script.clear()
        self.set_status(204)


class RequestsHandler(RequestHandler):
    """Tells what was asked."""

    def initialize(self, log: RequestLog) -> None:
        self._requests = log

    def get(self) -> None:
        self.write(self._requests.as_json())

    def delete(self) -> None:
        self._requests.clear()
        self.set_status(204)


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "lane": Lane(entry.get("lane", Lane.PROCESS))}
