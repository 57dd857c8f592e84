"""A driver in front of a server, with a photo to send and an eye on what is said about it."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol
from uuid import uuid4

import aiohttp
from PIL import Image

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, InvalidImage
from photobooth_daemon.model import Output, PictureBytes
from photobooth_daemon.pictures.steps import finish, prepare
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.providers.catalog import DriverClass
from photobooth_daemon.providers.driver import (
    ProviderConfig,
    ProviderDriver,
    ProviderRequest,
    ProviderResult,
    TemplatePicture,
)
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.providers.schemas import read_schema

KEY = "kit-key-5f1e9c0d7a3b-that-nobody-may-see"
MOST_PIXELS = 100_000_000
_KINDS = {".png": "image/png", ".webp": "image/webp"}


class Serve(Protocol):
    """Lends the base URL of a server that works."""

    def __call__(self) -> AbstractAsyncContextManager[str]: ...


@dataclass(frozen=True, slots=True)
class DriverCase:
    """A driver to examine: one operation with params that its schema takes.

    ``templates`` are files by role, ``config`` further keys of the provider's
    table. Without ``serve`` it is not tried whether a picture arrives.
    """

    driver_class: DriverClass
    provider: str
    operation: str
    params: Mapping[str, Any]
    serve: Serve | None = None
    templates: Sequence[tuple[str, Path]] = ()
    config: Mapping[str, Any] = field(default_factory=dict)

    def schemas(self) -> ParamSchemas:
        """Return the schemas of this driver alone.

        Raises:
            FileNotFoundError, ValueError: there is none, or it is broken.
        """
        module = getattr(self.driver_class, "__module__", "")
        return ParamSchemas({self.provider: read_schema(self.provider, module)})


class Trial:
    """One driver, built as the daemon builds it."""

    def __init__(self, case: DriverCase, driver: ProviderDriver, threads: PictureThreads) -> None:
        self.driver = driver
        self.failure: AttemptFailed | DeadlinePassed | None = None
        self._case = case
        self._threads = threads
        self._photo = _photo()

    def request(self, seconds: float) -> ProviderRequest:
        """Return a complete request that has so much time."""
        case = self._case
        templates = [
            TemplatePicture(
                role,
                uuid4(),
                kind,
                path,
                f"https://booth.invalid/{path.name}",
                prepare(path, kind, max_edge_px=1536),
            )
            for role, path in case.templates
            for kind in [_KINDS.get(path.suffix, "image/jpeg")]
        ]
        return ProviderRequest(
            job_id=uuid4(),
            slot_id="slot-001",
            operation=case.operation,
            params=case.schemas().with_defaults(case.provider, case.operation, case.params),
            photo=self._photo,
            templates=tuple(templates),
            deadline=Deadline.after(Clock(), seconds),
            photo_url="https://booth.invalid/photo.jpg",
        )

    async def attempt(self, request: ProviderRequest) -> ProviderResult | None:
        """Make one attempt; None when it failed by a name that the ladder knows.

        Any other exception is the driver's own bug, and goes through.
        """
        self.failure = None
        try:
            return await self.driver.process(request)
        except (AttemptFailed, DeadlinePassed) as failure:
            self.failure = failure
            return None

    async def is_picture(self, data: bytes) -> bool:
        """Return whether the daemon would take these bytes for the result."""
        work = partial(finish, max_pixels=MOST_PIXELS)
        photo = self._photo
        try:
            await self._threads.finish(work, data, Output(), photo.width, photo.height)
        except InvalidImage:
            return False
        return True

    def said(self) -> str:
        """Return what the last failure tells the job and the log."""
        if isinstance(self.failure, AttemptFailed):
            failure = self.failure
            parts = (failure.message, failure.provider_request_id, failure.usage, failure)
            return " ".join(map(str, parts))
        return str(self.failure or "")


@asynccontextmanager
async def trial(case: DriverCase, base_url: str) -> AsyncIterator[Trial]:
    """Lend the driver, at an address, with the kit's key."""
    threads = PictureThreads(Clock())
    config = ProviderConfig(case.provider, **{"base_url": base_url, "api_key": KEY, **case.config})
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Trial(case, case.driver_class(config, http, threads), threads)
    finally:
        threads.close()


class LogLines:
    """Collects every line that is logged in a block, at every level, unmasked."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self._handler = logging.StreamHandler(self._stream)
        self._handler.setFormatter(_EverythingFormatter())
        self._level = logging.WARNING

    def __enter__(self) -> LogLines:
        root = logging.getLogger()
        self._level = root.level
        root.addHandler(self._handler)
        root.setLevel(logging.DEBUG)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        root = logging.getLogger()
        root.removeHandler(self._handler)
        root.setLevel(self._level)

    def text(self) -> str:
        """Return all of it."""
        return self._stream.getvalue()


class _EverythingFormatter(logging.Formatter):
    """The message, the traceback and every field beside them."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {vars(record)}"


def _photo() -> PictureBytes:
    """Return a photo with enough detail that its bytes are like no others."""
    noise = Image.effect_noise((450, 300), 80).convert("RGB")
    encoded = io.BytesIO()
    noise.save(encoded, "JPEG")
    return PictureBytes(encoded.getvalue(), "image/jpeg", 450, 300)
