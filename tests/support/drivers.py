"""What every driver's tests need: a photo, a request, a session, threads, canned answers."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from PIL import Image
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.driver import (
    ProviderConfig,
    ProviderDriver,
    ProviderRequest,
    TemplatePicture,
)
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.providers.schemas import read_schema

KEY = "key-that-nobody-may-see-0123456789"


def picture(width: int = 600, height: int = 400, kind: str = "JPEG") -> bytes:
    encoded = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(encoded, kind)
    return encoded.getvalue()


def photo(width: int = 600, height: int = 400) -> PictureBytes:
    return PictureBytes(picture(width, height), "image/jpeg", width, height)


def template(
    folder: Path, role: str, *, kind: str = "PNG", url: str | None = None
) -> TemplatePicture:
    media_id = uuid4()
    path = folder / f"{media_id}.{kind.lower()}"
    data, content_type = picture(64, 48, kind), f"image/{kind.lower()}"
    path.write_bytes(data)
    sent = PictureBytes(data, content_type, 64, 48)
    return TemplatePicture(role, media_id, content_type, path, url, sent)


def request(
    operation: str,
    params: Mapping[str, Any],
    *,
    provider: str,
    seconds: float = 20.0,
    templates: Sequence[TemplatePicture] = (),
    sent: PictureBytes | None = None,
    photo_url: str | None = None,
) -> ProviderRequest:
    """Return a request whose params are filled in as the daemon does it."""
    document = read_schema(provider, f"photobooth_daemon.providers.{provider}")
    filled = ParamSchemas({provider: document}).with_defaults(provider, operation, params)
    return ProviderRequest(
        uuid4(),
        "slot-001",
        operation,
        filled,
        sent or photo(),
        tuple(templates),
        Deadline.after(Clock(), seconds),
        photo_url,
    )


@asynccontextmanager
async def driver_for(
    driver_class: Callable[..., ProviderDriver], base_url: str | None, **config: Any
) -> AsyncIterator[Any]:
    """Lend a driver that talks to ``base_url`` with the key of the tests."""
    given = {"api_key": KEY, "base_url": base_url, **config}
    name = driver_class.name  # type: ignore[attr-defined]
    threads = PictureThreads(Clock())
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield driver_class(ProviderConfig(name, **given), session, threads)
    finally:
        threads.close()


async def failure_of(driver: ProviderDriver, asked: ProviderRequest) -> AttemptFailed:
    """Return how the attempt failed; the key must not be in it."""
    with pytest.raises(AttemptFailed) as failed:
        await driver.process(asked)
    failure = failed.value
    assert KEY not in f"{failure} {failure.message} {failure.usage}"
    return failure


@dataclass
class Canned:
    """A server that gives prepared answers in turn; the last one repeats."""

    answers: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    requests: list[HTTPServerRequest] = field(default_factory=list)
    url: str = ""

    def will(self, status: int, body: bytes | str, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, data))


@asynccontextmanager
async def canned(address: str = "127.0.0.1") -> AsyncIterator[Canned]:
    """Run a server of canned answers."""
    state = Canned()

    class Handler(RequestHandler):
        def prepare(self) -> None:
            state.requests.append(self.request)
            status, headers, body = state.answers[0]
            if len(state.answers) > 1:
                state.answers.pop(0)
            self.set_status(status)
            self.set_header("Content-Type", "text/plain")
            for name, value in headers.items():
                self.set_header(name, value)
            self.finish(body)

    server = HTTPServer(Application([(r".*", Handler)], log_function=lambda _: None))
    socket, port = bind_unused_port(address=address)
    server.add_sockets([socket])
    state.url = f"http://{address}:{port}"
    try:
        yield state
    finally:
        server.stop()
        await server.close_all_connections()
