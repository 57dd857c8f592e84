"""A Gemini driver on a server that plays Google, and what is asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from photobooth_daemon.providers.gemini.driver import GeminiDriver
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.drivers import (
    driver_for,
    request,
)

PROMPT = {"prompt": "Make it glow; keep every face."}


def edit(params: dict[str, Any] | None = None, **more: Any) -> Any:
    return request("edit", {**PROMPT, **(params or {})}, provider="gemini", **more)


@asynccontextmanager
async def gemini(provider: FakeProvider, **config: Any) -> AsyncIterator[GeminiDriver]:
    async with driver_for(GeminiDriver, provider.url, **config) as driver:
        yield driver
