"""Every driver of ours keeps the kit's promises; the kit sees when one does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.model import MB
from photobooth_daemon.providers.catalog import installed_drivers
from photobooth_daemon.providers.driver import (
    ProviderCheck,
    ProviderConfig,
    ProviderRequest,
    ProviderResult,
)
from photobooth_daemon.providers.gemini.driver import GeminiDriver
from photobooth_daemon.rehearsal import driver_kit
from photobooth_daemon.rehearsal.driver_kit import DriverCase, examine
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.drivers import picture

WORKFLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "x.jpg"}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
}
CASES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "local": ("look", {"look": "noir"}),
    "gemini": ("edit", {"prompt": "glow"}),
    "openai": ("edit", {"prompt": "glow"}),
    "turbotext": ("mix_images", {"prompt": "glow"}),
    "comfyui": ("workflow", {"workflow": WORKFLOW}),
}


def serving(behaviour: str = "image", **options: Any) -> Callable[[], Any]:
    @asynccontextmanager
    async def serve() -> AsyncIterator[str]:
        provider = FakeProvider()
        provider.script.always(behaviour, **options)
        yield provider.start()
        await provider.stop()

    return serve


@asynccontextmanager
async def not_tried() -> AsyncIterator[str]:
    yield "http://127.0.0.1:9"


@pytest.mark.timeout(seconds=120)
@pytest.mark.parametrize("name", sorted(CASES))
async def test_our_drivers_keep_every_promise(name: str, tmp_path: Path) -> None:
    operation, params = CASES[name]
    template = tmp_path / "template.png"
    template.write_bytes(picture(kind="PNG"))
    serve: Callable[[], AbstractAsyncContextManager[str]] | None = serving()
    if name == "turbotext":
        # Its server fetches the photo by a link, which the kit does not have.
        serve = None
    case = DriverCase(
        installed_drivers()[name],
        name,
        operation,
        params,
        serve=serve,
        templates=[("style", template)] if name == "turbotext" else (),
    )
    report = await examine(case)
    assert report.broken == {}
    if name == "local":
        assert "a picture arrives" in report.kept
    else:
        assert report.not_tried == (["a picture arrives"] if name == "turbotext" else [])


class Careless:
    """A driver with every fault there is."""

    name = "gemini"
    title = "Careless"
    needs_public_url = False

    def __init__(self, config: ProviderConfig, http: aiohttp.ClientSession, pictures: Any) -> None:
        self._config = config
        self._http = http
        self._tasks: list[asyncio.Task[None]] = []

    @staticmethod
    def is_configured(config: ProviderConfig) -> bool:
        return True

    def model(self, operation: str, params: Mapping[str, Any]) -> str | None:
        return None

    async def process(self, request: ProviderRequest) -> ProviderResult:
        url = f"{self._config.base_url}/edit?key={self._config.api_key}"
        try:
            answer = await self._http.post(url, data=request.photo.data)
            body = await answer.read()
        except asyncio.CancelledError:
            self._tasks.append(asyncio.create_task(asyncio.sleep(3600)))
            raise AttemptFailed(Reason.BAD_RESPONSE) from None
        logging.getLogger("careless").info("answered %s", body[:3000])
        return ProviderResult(body or request.photo.data)

    async def check(self, operation: str | None, params: Mapping[str, Any]) -> ProviderCheck:
        return ProviderCheck(False, 0, "no")


class Clumsy(Careless):
    """It lets out what aiohttp raises, and has no schema."""

    name = "clumsy"


async def examined(case: DriverCase, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(driver_kit, "AMPLE_SECONDS", 1.0)
    monkeypatch.setattr(driver_kit, "MOST_BYTES", MB)
    return await examine(case)


@pytest.mark.timeout(seconds=120)
async def test_the_kit_sees_every_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Careless, "__module__", GeminiDriver.__module__)
    case = DriverCase(Careless, "gemini", "edit", {"prompt": "x"}, serve=serving("no_image"))
    report = await examined(case, monkeypatch)
    assert report.kept == ["its schema takes the params"]
    assert set(report.broken) == {
        "a deadline is kept",
        "cancellation ends it",
        "no picture is never success",
        "key and picture stay inside",
        "memory is bounded",
        "a picture arrives",
    }


async def test_the_kit_sees_a_missing_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    report = await examined(DriverCase(Clumsy, "clumsy", "edit", {}), monkeypatch)
    assert "no schema" in report.broken["its schema takes the params"]
