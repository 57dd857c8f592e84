"""OpenAI's Images API and the servers that speak it, against a server that gives each answer."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.openai.answers import read_answer
from photobooth_daemon.providers.openai.driver import OpenAIDriver
from photobooth_daemon.providers.openai.models import row_for, size_for
from photobooth_daemon.providers.schemas import read_schema
from photobooth_daemon.rehearsal.fake_openai_messages import MODELS
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.drivers import KEY, canned, driver_for, failure_of, photo, request, template

PROMPT = {"prompt": "Make it glow; keep every face."}
ROWS = read_schema("openai", "photobooth_daemon.providers.openai.driver")["x-models"]


def edit(params: dict[str, Any] | None = None, **more: Any) -> Any:
    return request("edit", {**PROMPT, **(params or {})}, provider="openai", **more)


def kind(data: bytes) -> str | None:
    with Image.open(io.BytesIO(data)) as image:
        return image.format


@pytest.mark.parametrize("suffix", ["", "/v1"])
async def test_a_photo_goes_out_and_a_picture_comes_back(
    provider: FakeProvider, tmp_path: Path, suffix: str
) -> None:
    references = [template(tmp_path, "reference", kind=k) for k in ("PNG", "WEBP")]
    async with driver_for(OpenAIDriver, provider.url + suffix) as driver:
        result = await driver.process(edit(templates=references))
    assert kind(result.picture) == "JPEG"
    assert (result.provider_request_id or "").startswith("req_")
    assert result.usage["output_tokens"] == 1568
    assert result.usage["input_image_tokens"] == 388
    (seen,) = provider.log.requests
    assert (seen.path, seen.key) == ("/v1/images/edits", KEY)
    sizes = [len(photo().data), *(r.path.stat().st_size for r in references)]
    assert seen.facts["pictures_bytes"] == sizes
    assert seen.facts["fields"]["size"] == "1248x832"


@pytest.mark.parametrize("model", MODELS)
async def test_every_model_gets_only_what_it_takes(provider: FakeProvider, model: str) -> None:
    params = {
        "model": model,
        "quality": "max",
        "input_fidelity": "high",
        "complexity": "low",
        "background": "transparent",
        "moderation": "low",
        "size": "999x333",
    }
    async with driver_for(OpenAIDriver, provider.url) as driver:
        result = await driver.process(edit(params))
    assert kind(result.picture) == "PNG"
    fields = provider.log.requests[0].facts["fields"]
    assert ("input_fidelity" in fields) == (model in ("gpt-image-1", "gpt-image-1.5"))
    assert "output_compression" not in fields


@pytest.mark.parametrize("size", ["4000x1000", "1000x4000", "9999x9999", "999x333"])
async def test_a_size_is_brought_within_what_the_model_makes(
    provider: FakeProvider, size: str
) -> None:
    async with driver_for(OpenAIDriver, provider.url) as driver:
        assert (await driver.process(edit({"model": "gpt-image-2", "size": size}))).picture


async def test_a_server_of_ones_own_needs_no_key(provider: FakeProvider) -> None:
    params = {"model": "qwen-image-edit", "extra": {"num_inference_steps": 8, "fast": True}}
    async with driver_for(OpenAIDriver, f"{provider.url}/local", api_key=None) as driver:
        await driver.process(edit(params))
        found = await driver.check("edit", params)
    fields = provider.log.requests[0].facts["fields"]
    assert (fields["num_inference_steps"], fields["fast"]) == ("8", "true")
    assert "quality" not in fields
    assert (found.ok, found.model_listed) == (True, None)
    assert "sd-cpp-local" in found.detail


@pytest.mark.parametrize(
    ("options", "local", "works"),
    [
        ({"data_url": True}, False, True),
        ({"format": "webp"}, False, True),
        ({"link": True}, True, True),
        ({"link": True}, False, False),
        ({"link_to": "file:///etc/passwd"}, True, False),
        ({"link_to": "http://localhost:1/x"}, False, False),
        ({"link_to": "http://[::ffff:127.0.0.1]:1/x"}, False, False),
        ({"link_to": "http://user:pw@127.0.0.1/x"}, True, False),
        ({"link_to": "http://h:99999/x"}, True, False),
        ({"link_to": "http://[x/"}, True, False),
    ],
)
async def test_a_link_is_fetched_with_care(
    provider: FakeProvider, options: dict[str, Any], local: bool, works: bool
) -> None:
    provider.script.then("image", **options)
    async with driver_for(OpenAIDriver, provider.url, local=local) as driver:
        if works:
            assert kind((await driver.process(edit())).picture)
        else:
            failure = await failure_of(driver, edit())
            assert failure.reason is Reason.BAD_RESPONSE
            assert (failure.usage["images"], failure.usage["output_tokens"]) == (1, 1568)


@pytest.mark.parametrize(
    ("behaviour", "options", "reason", "again"),
    [
        ("no_image", {}, Reason.NO_IMAGE, 0),
        ("malformed_base64", {}, Reason.BAD_RESPONSE, None),
        ("truncated_json", {}, Reason.BAD_RESPONSE, None),
        ("garbage", {}, Reason.BAD_RESPONSE, None),
        ("empty", {}, Reason.BAD_RESPONSE, None),
        ("image_safety", {}, Reason.REFUSED, True),
        ("prompt_blocked", {}, Reason.REFUSED, False),
        ("bad_key", {}, Reason.AUTH, None),
        ("permission_denied", {}, Reason.AUTH, None),
        ("model_gone", {}, Reason.MODEL_GONE, None),
        ("bad_request", {}, Reason.BAD_REQUEST, None),
        ("html_413", {}, Reason.BAD_REQUEST, None),
        ("quota", {}, Reason.QUOTA, None),
        ("quota_day", {}, Reason.QUOTA, False),
        ("overloaded", {}, Reason.OVERLOADED, None),
        ("internal", {}, Reason.OVERLOADED, None),
        ("html_502", {}, Reason.OVERLOADED, None),
        ("drop", {}, Reason.UNREACHABLE, None),
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
    async with driver_for(OpenAIDriver, provider.url) as driver:
        failure = await failure_of(driver, edit())
    assert (failure.reason, failure.again) == (reason, again), failure


async def test_delays_are_read_from_the_header_or_the_words(provider: FakeProvider) -> None:
    provider.script.then("quota", retry_after=7).then("quota", words="250ms")
    provider.script.then("quota", words="12s").then("overloaded", retry_after=3)
    provider.script.then("quota", words="1m30s").then("quota", words="6m0s")
    provider.script.then("quota", words="1h2m0.5s").then("quota", words="6 months")
    async with driver_for(OpenAIDriver, provider.url) as driver:
        delays = [(await failure_of(driver, edit())).retry_after_seconds for _ in range(8)]
    assert delays == [7.0, 0.25, 12.0, 3.0, 90.0, 360.0, 3720.5, None]


async def test_plain_text_errors_of_local_servers_have_a_reason() -> None:
    cases: list[tuple[int, str, Reason]] = [
        (500, "CUDA out of memory", Reason.OVERLOADED),
        (400, "bad size", Reason.BAD_REQUEST),
        (404, "no such route", Reason.MODEL_GONE),
        (503, json.dumps({"error": "loading model"}), Reason.OVERLOADED),
        (400, json.dumps({"error": {"message": "server overloaded"}}), Reason.OVERLOADED),
        (200, "[]", Reason.BAD_RESPONSE),
        (200, json.dumps({"data": [None, 3, {"b64_json": 7}]}), Reason.NO_IMAGE),
    ]
    async with canned() as server, driver_for(OpenAIDriver, server.url) as driver:
        for status, body, _ in cases:
            server.will(status, body)
        found = [(await failure_of(driver, edit())).reason for _ in cases]
    assert found == [reason for _, _, reason in cases]


@pytest.mark.parametrize(
    ("model", "wanted", "size_px", "size"),
    [
        ("gpt-image-1.5", "auto", (600, 400), "1536x1024"),
        ("gpt-image-1.5", "auto", (400, 600), "1024x1536"),
        ("gpt-image-1.5", "848x1264", (600, 400), "1024x1536"),
        ("gpt-image-2", "auto", (600, 400), "1248x832"),
        ("gpt-image-2", "auto", (4000, 400), "1776x592"),
        ("gpt-image-2", "1920x1080", (1, 1), "1920x1088"),
        ("gpt-image-2", "4000x1000", (1, 1), "2976x992"),
        ("gpt-image-2", "1000x4000", (1, 1), "992x2976"),
        ("gpt-image-2", "9999x9999", (1, 1), "2160x2160"),
        ("gpt-image-2.6-flare", "9999x5000", (1, 1), "3840x1920"),
        ("gpt-image-2.5-flare", "10x10", (1, 1), "16x16"),
        ("sd", "4000x1000", (1, 1), "3968x1024"),
        ("sd", "auto", (600, 400), "1280x832"),
    ],
)
def test_the_size_follows_the_photo_and_the_model(
    model: str, wanted: str, size_px: tuple[int, int], size: str
) -> None:
    assert size_for(row_for(ROWS, model), wanted, *size_px) == size


async def test_without_a_key_nothing_is_sent(provider: FakeProvider) -> None:
    async with driver_for(OpenAIDriver, None, api_key=None) as driver:
        assert (await failure_of(driver, edit())).reason is Reason.AUTH


async def test_the_check_tells_of_key_and_model(provider: FakeProvider) -> None:
    async with driver_for(OpenAIDriver, provider.url) as driver:
        good = await driver.check("edit", PROMPT)
    assert (good.ok, good.model_listed) == (True, True)
    async with driver_for(OpenAIDriver, provider.url, api_key="some-other-key") as driver:
        assert "auth" in (await driver.check("edit", PROMPT)).detail


def test_an_answer_of_an_unknown_shape_is_a_bad_response() -> None:
    for body in (b"null", b"{}", b'{"data": {}}', b"[" * 100_000):
        with pytest.raises(AttemptFailed) as failed:
            read_answer(body)
        assert failed.value.reason is Reason.BAD_RESPONSE
