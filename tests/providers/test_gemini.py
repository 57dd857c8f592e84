"""Gemini: every shape of answer in the reference, against a server that gives it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tornado.ioloop import IOLoop

from photobooth_daemon.errors import DeadlinePassed, Reason
from photobooth_daemon.providers.driver import ProviderConfig
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
    request,
    template,
)
from tests.support.fakes import eventually, waiting_in

PROMPT = {"prompt": "Make it glow; keep every face."}


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[FakeProvider]:
    provider = FakeProvider(keys={KEY})

    async def start() -> None:
        provider.start()

    io_loop.run_sync(start)
    yield provider
    io_loop.run_sync(provider.stop)


def edit(params: dict[str, Any] | None = None, **more: Any) -> Any:
    return request("edit", {**PROMPT, **(params or {})}, provider="gemini", **more)


@asynccontextmanager
async def gemini(provider: FakeProvider, **config: Any) -> AsyncIterator[GeminiDriver]:
    async with driver_for(GeminiDriver, provider.url, **config) as driver:
        yield driver


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


@pytest.mark.parametrize(
    ("behaviour", "options", "reason", "again"),
    [
        ("no_image", {}, Reason.NO_IMAGE, None),
        ("text_only", {}, Reason.NO_IMAGE, 1),
        ("empty_content", {}, Reason.NO_IMAGE, 1),
        ("no_candidates", {}, Reason.NO_IMAGE, None),
        ("null_candidates", {}, Reason.NO_IMAGE, None),
        ("finish", {"reason": "IMAGE_OTHER"}, Reason.NO_IMAGE, 1),
        ("finish", {"reason": "OTHER"}, Reason.NO_IMAGE, 1),
        ("finish", {"reason": "MAX_TOKENS"}, Reason.NO_IMAGE, 1),
        ("finish", {"reason": "TOO_MANY_TOOL_CALLS"}, Reason.NO_IMAGE, False),
        ("image_safety", {}, Reason.REFUSED, True),
        *(
            ("finish", {"reason": word}, Reason.REFUSED, False)
            for word in (
                "SAFETY",
                "PROHIBITED_CONTENT",
                "IMAGE_PROHIBITED_CONTENT",
                "BLOCKLIST",
                "SPII",
                "RECITATION",
                "IMAGE_RECITATION",
                "LANGUAGE",
                "A_WORD_OF_NEXT_YEAR",
            )
        ),
        *(
            ("prompt_blocked", {"reason": word}, Reason.REFUSED, False)
            for word in ("SAFETY", "OTHER", "PROHIBITED_CONTENT", "JAILBREAK", "NEXT_YEARS")
        ),
        ("bad_key", {}, Reason.AUTH, None),
        ("permission_denied", {}, Reason.AUTH, None),
        ("location", {}, Reason.AUTH, None),
        ("model_gone", {}, Reason.MODEL_GONE, None),
        ("bad_request", {}, Reason.BAD_REQUEST, None),
        ("html_413", {}, Reason.BAD_REQUEST, None),
        ("overloaded", {}, Reason.OVERLOADED, None),
        ("internal", {}, Reason.OVERLOADED, None),
        ("cancelled", {}, Reason.OVERLOADED, None),
        ("deadline", {}, Reason.OVERLOADED, None),
        ("html_502", {}, Reason.OVERLOADED, None),
        ("quota_plain", {}, Reason.QUOTA, None),
        ("quota_day", {}, Reason.QUOTA, False),
        ("garbage", {}, Reason.BAD_RESPONSE, None),
        ("empty", {}, Reason.BAD_RESPONSE, None),
        ("truncated_json", {}, Reason.BAD_RESPONSE, None),
        ("malformed_base64", {}, Reason.BAD_RESPONSE, None),
        ("redirect", {}, Reason.BAD_RESPONSE, None),
        ("drop", {}, Reason.UNREACHABLE, None),
        ("reset", {}, Reason.UNREACHABLE, None),
        ("drop_after_headers", {}, Reason.UNREACHABLE, None),
        ("drop_mid_answer", {}, Reason.UNREACHABLE, None),
    ],
)
async def test_every_answer_without_a_picture_has_its_reason(
    provider: FakeProvider,
    behaviour: str,
    options: dict[str, Any],
    reason: Reason,
    again: int | None,
) -> None:
    provider.script.then(behaviour, **options)
    async with gemini(provider) as driver:
        failure = await failure_of(driver, edit())
    assert (failure.reason, failure.again) == (reason, again), failure


async def test_a_stated_delay_is_told(provider: FakeProvider) -> None:
    provider.script.then("quota", retry_delay="17s").then("quota", retry_delay="0.25s")
    async with gemini(provider) as driver:
        delays = [(await failure_of(driver, edit())).retry_after_seconds for _ in range(2)]
    assert delays == [17.0, 0.25]


async def test_a_hanging_provider_ends_with_the_deadline(provider: FakeProvider) -> None:
    clock = asyncio.get_running_loop()
    async with gemini(provider) as driver:
        for behaviour in ("hang", "trickle"):
            provider.script.then(behaviour)
            begun = clock.time()
            with pytest.raises(DeadlinePassed):
                await driver.process(edit(seconds=0.3))
            assert clock.time() - begun < 3
        with pytest.raises(DeadlinePassed):
            await driver.process(edit(seconds=0))


async def test_an_endless_answer_is_cut_off() -> None:
    async with canned() as server, driver_for(GeminiDriver, server.url) as driver:
        server.will(200, b"{" + b" " * (49 * 1024 * 1024))
        failure = await failure_of(driver, edit())
    assert failure.reason is Reason.BAD_RESPONSE


async def test_nobody_listens() -> None:
    async with driver_for(GeminiDriver, "http://127.0.0.1:9") as driver:
        assert (await failure_of(driver, edit())).reason is Reason.UNREACHABLE
    async with driver_for(GeminiDriver, "http://no-such-host.invalid") as driver:
        assert (await failure_of(driver, edit())).reason is Reason.UNREACHABLE


async def test_without_a_key_nothing_is_sent(provider: FakeProvider) -> None:
    async with driver_for(GeminiDriver, None, api_key=None) as driver:
        assert (await failure_of(driver, edit())).reason is Reason.AUTH
    assert not GeminiDriver.is_configured(ProviderConfig("gemini"))


async def test_an_address_of_ones_own_may_do_without_a_key(provider: FakeProvider) -> None:
    config = ProviderConfig("gemini", base_url=provider.url)
    assert GeminiDriver.is_configured(config)
    async with gemini(provider, api_key=None) as driver:
        assert (await failure_of(driver, edit())).reason is Reason.AUTH
    (seen,) = provider.log.requests
    assert seen.key is None


async def test_the_key_is_blotted_out_of_what_google_says() -> None:
    texts = [
        (200, {"candidates": [{"finishReason": "SAFETY", "finishMessage": f"not with {KEY}"}]}),
        (200, {"promptFeedback": {"blockReason": KEY}}),
        (400, {"error": {"message": f"{'x' * 280} {KEY}", "status": "INVALID_ARGUMENT"}}),
        (500, {"error": f"key {KEY}"}),
    ]
    async with canned() as server, driver_for(GeminiDriver, server.url) as driver:
        for status, document in texts:
            server.will(status, json.dumps(document))
        server.will(502, f"<html><h1>{KEY}</h1></html>", Content_Type="text/html")
        for _ in range(5):
            failure = await failure_of(driver, edit())
            assert KEY[:20] not in failure.message
            assert len(failure.message) <= 300


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
