"""Gemini: what is asked of it, and the pictures that come back."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photobooth_daemon.providers.gemini.answers import read_answer
from photobooth_daemon.providers.gemini.driver import GeminiDriver
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from photobooth_daemon.rehearsal.fake_script import Lane
from tests.support.drivers import (
    KEY,
    canned,
    driver_for,
    failure_of,
    photo,
    picture,
    template,
)
from tests.support.fakes import eventually, waiting_in
from tests.support.gemini import PROMPT, edit, gemini


def scrub(text: str) -> str:
    return text


def both(ratio: str, image_size: str) -> dict[str, str]:
    return {"aspectRatio": ratio, "imageSize": image_size}


def size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size


async def test_a_photo_goes_out_and_a_picture_comes_back(
    provider: FakeProvider, tmp_path: Path
) -> None:
    references = [template(tmp_path, "reference", kind=kind) for kind in ("PNG", "JPEG", "WEBP")]
    async with gemini(provider) as driver:
        result = await driver.process(edit(templates=references))
    assert size(result.picture)[0] > 900
    assert result.provider_request_id
    assert result.usage["images"] == 1
    assert result.usage["output_tokens"] == 1120
    (seen,) = provider.log.requests
    assert (seen.key_in, seen.key) == ("header", KEY)
    assert "gemini-nano-banana-2.1" in seen.path
    assert KEY not in seen.path
    assert seen.facts["prompt"] == PROMPT["prompt"]
    assert seen.facts["pictures_bytes"][0] == len(photo().data)
    assert seen.facts["pictures_bytes"][1:] == [r.path.stat().st_size for r in references]


async def test_the_request_is_what_the_reference_says() -> None:
    async with canned() as server, driver_for(GeminiDriver, server.url) as driver:
        server.will(200, "{}")
        params = {
            "model": "gemini-3-pro-image",
            "aspect_ratio": "3:2",
            "image_size": "2K",
            "safety_threshold": "block_only_high",
        }
        await failure_of(driver, edit(params))
        (asked,) = server.requests
    body = json.loads(asked.body)
    assert asked.path == "/v1beta/models/gemini-3-pro-image:generateContent"
    assert asked.headers["Content-Length"] == str(len(asked.body))
    assert "Transfer-Encoding" not in asked.headers
    photo_part, prompt_part = body["contents"][0]["parts"]
    assert base64.b64decode(photo_part["inlineData"]["data"], validate=True) == photo().data
    assert photo_part["inlineData"]["mimeType"] == "image/jpeg"
    assert prompt_part == {"text": PROMPT["prompt"]}
    assert body["generationConfig"] == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "3:2", "imageSize": "2K"},
    }
    assert len(body["safetySettings"]) == 4


@pytest.mark.parametrize("length", [1, 2, 3, 48 * 1024 - 1, 48 * 1024, 200_001])
async def test_base64_is_right_at_every_length(length: int) -> None:
    data = bytes(index % 251 for index in range(length))
    async with canned() as server, driver_for(GeminiDriver, server.url) as driver:
        server.will(200, "{}")
        sent = photo()
        await failure_of(driver, edit(sent=type(sent)(data, "image/jpeg", 3, 2)))
        part = json.loads(server.requests[0].body)["contents"][0]["parts"][0]
    assert base64.b64decode(part["inlineData"]["data"], validate=True) == data


@pytest.mark.parametrize(
    ("model", "params", "size_px", "sent"),
    [
        ("gemini-2.5-flash-image", {"image_size": "2K"}, (600, 400), {"aspectRatio": "3:2"}),
        ("gemini-2.5-flash-image", {"aspect_ratio": "8:1"}, (600, 400), {}),
        ("gemini-3.1-flash-image", {"image_size": "512"}, (400, 400), both("1:1", "512")),
        ("gemini-3-pro-image", {"image_size": "512"}, (500, 400), both("5:4", "1K")),
        ("gemini-nano-banana-2.1", {"aspect_ratio": "8:1"}, (600, 400), {"aspectRatio": "8:1"}),
        ("gemini-nano-banana-2.1", {}, (1000, 380), {}),
        ("gemini-9-whatever", {"image_size": "4K"}, (1000, 562), both("16:9", "4K")),
    ],
)  # fmt: skip
async def test_ratio_and_size_follow_what_the_model_takes(
    model: str, params: dict[str, str], size_px: tuple[int, int], sent: dict[str, str]
) -> None:
    async with canned() as server, driver_for(GeminiDriver, server.url) as driver:
        server.will(200, "{}")
        await failure_of(driver, edit({"model": model, **params}, sent=photo(*size_px)))
        config = json.loads(server.requests[0].body)["generationConfig"]
    assert config.get("imageConfig", {}) == sent


@pytest.mark.parametrize(
    "options",
    [
        {"format": "JPEG"},
        {"format": "WEBP", "mime": "image/png"},
        {"text_first": True, "text_last": True},
        {"drafts": 2},
        {"drafts": 1, "thought": True},
        {"signature": True},
    ],
)
async def test_the_picture_is_found_wherever_it_is(
    provider: FakeProvider, options: dict[str, Any]
) -> None:
    provider.script.then("image", **options)
    async with gemini(provider) as driver:
        result = await driver.process(edit())
    assert size(result.picture)


async def test_the_check_tells_of_key_and_model(provider: FakeProvider) -> None:
    async with gemini(provider) as driver:
        good = await driver.check("edit", PROMPT)
        assert (good.ok, good.model_listed) == (True, True)
        provider.script.then("model_gone", lane=Lane.CHECK)
        gone = await driver.check("edit", {"model": "gemini-retired"})
        assert (gone.ok, gone.model_listed) == (False, False)
    async with gemini(provider, api_key="another-key-altogether") as driver:
        assert "auth" in (await driver.check("edit", PROMPT)).detail
    async with canned() as portal, driver_for(GeminiDriver, portal.url) as driver:
        portal.will(200, "<html>Log in to the venue's network</html>", Content_Type="text/html")
        portal.will(200, '{"ok": true}')
        for _ in range(2):
            page = await driver.check("edit", PROMPT)
            assert (page.ok, page.model_listed) == (False, None)
            assert "bad_response" in page.detail


async def test_a_picture_of_many_megabytes_comes_through(provider: FakeProvider) -> None:
    big = photo(4000, 3000)
    async with gemini(provider) as driver:
        result = await driver.process(edit({"image_size": "4K"}, sent=big))
    assert size(result.picture)[0] >= 4000
    assert picture() != result.picture


async def test_an_answer_is_taken_apart_before_pictures_are_finished(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def noted(body: bytes, scrub: Any) -> Any:
        order.append("taken apart")
        return read_answer(body, scrub)

    monkeypatch.setattr("photobooth_daemon.providers.gemini.driver.read_answer", noted)
    busy = threading.Event()
    async with gemini(provider) as driver:
        threads = driver._pictures
        work = [asyncio.create_task(threads.finish(busy.wait, 30)) for _ in range(2)]
        await eventually(lambda: len(threads._lines.running) == 2)
        # One thread stays busy, so that the order is that of the other one.
        stay = threading.Event()
        work.append(asyncio.create_task(threads.finish(stay.wait, 30)))
        work.append(asyncio.create_task(threads.finish(order.append, "finished")))
        attempt = asyncio.create_task(driver.process(edit()))
        await eventually(lambda: waiting_in(threads) == 3)
        busy.set()
        await attempt
        stay.set()
        await asyncio.gather(*work)
    assert order == ["taken apart", "finished"]
