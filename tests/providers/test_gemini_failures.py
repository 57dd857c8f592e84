"""Gemini: every way in which no picture comes, and the reason that is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from photobooth_daemon.errors import DeadlinePassed, Reason
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.providers.gemini.driver import GeminiDriver
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.drivers import (
    KEY,
    canned,
    driver_for,
    failure_of,
)
from tests.support.gemini import edit, gemini


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
