"""The rehearsal provider: what it answers, how it fails, what it remembers."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError

from photobooth_daemon.cli import main
from photobooth_daemon.rehearsal.fake_picture import EchoPainter, PreparedPainter, prepared_jpeg
from photobooth_daemon.rehearsal.fake_provider import FakeProvider, behaviours
from photobooth_daemon.rehearsal.fake_script import Lane
from tests.support.fakes import eventually

MODEL = "gemini-nano-banana-2.1"


def jpeg(width: int = 600, height: int = 400) -> bytes:
    """Return a photo."""
    encoded = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(encoded, "JPEG")
    return encoded.getvalue()


def order(photo: bytes, *, camel: bool = True, **config: Any) -> dict[str, Any]:
    """Return a request body in either spelling."""
    data = {
        "data": base64.b64encode(photo).decode(),
        "mimeType" if camel else "mime_type": "image/jpeg",
    }
    return {
        "contents": [{"parts": [{"inlineData" if camel else "inline_data": data}, {"text": "Go"}]}],
        "generationConfig" if camel else "generation_config": config,
    }


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[FakeProvider]:
    provider = FakeProvider(keys={"good-key"})
    io_loop.run_sync(_start(provider))
    yield provider
    io_loop.run_sync(provider.stop)


def _start(provider: FakeProvider) -> Any:
    async def start() -> None:
        provider.start()

    return start


async def ask(
    provider: FakeProvider,
    body: dict[str, Any] | None = None,
    *,
    model: str = MODEL,
    key: str = "good-key",
    timeout_seconds: float = 20,
) -> HTTPResponse:
    """Send a picture request as the driver does."""
    return await AsyncHTTPClient().fetch(
        f"{provider.url}/v1beta/models/{model}:generateContent",
        method="POST",
        body=json.dumps(body or order(jpeg())),
        headers={"x-goog-api-key": key, "Content-Type": "application/json"},
        raise_error=False,
        follow_redirects=False,
        request_timeout=timeout_seconds,
    )


def picture_of(response: HTTPResponse) -> Image.Image:
    """Return the last picture of an answer."""
    parts = json.loads(response.body)["candidates"][0]["content"]["parts"]
    data = [part["inlineData"]["data"] for part in parts if "inlineData" in part][-1]
    return Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.mark.parametrize("camel", [True, False])
async def test_it_edits_the_photo_it_is_sent_in_either_spelling(
    provider: FakeProvider, camel: bool
) -> None:
    photo = jpeg(600, 400)
    response = await ask(provider, order(photo, camel=camel))
    assert response.code == 200
    picture = picture_of(response)
    assert picture.format == "PNG"
    assert picture.width / picture.height == pytest.approx(1.5, rel=0.03)
    upright = Image.open(io.BytesIO(photo)).resize(picture.size)
    differs = sum(a != b for a, b in zip(picture.tobytes(), upright.tobytes(), strict=True))
    assert differs > picture.width * picture.height


async def test_a_key_may_come_in_the_query_too(provider: FakeProvider) -> None:
    response = await AsyncHTTPClient().fetch(
        f"{provider.url}/v1beta/models/{MODEL}:generateContent?key=good-key",
        method="POST",
        body=json.dumps(order(jpeg())),
    )
    assert response.code == 200
    seen = provider.log.requests[-1]
    assert (seen.key_in, seen.key) == ("query", "good-key")
    assert "good-key" not in json.dumps(provider.log.as_json())
    assert "good-key" not in repr(seen)


async def test_a_wrong_key_is_a_400_and_a_retired_model_a_404(provider: FakeProvider) -> None:
    response = await ask(provider, key="bad")
    assert response.code == 400
    assert json.loads(response.body)["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert (await ask(provider, model="gemini-2.5-flash-image")).code == 404


async def test_the_picture_follows_size_and_proportions(provider: FakeProvider) -> None:
    wide = {"imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"}}
    picture = picture_of(await ask(provider, order(jpeg(), **wide)))
    assert picture.width / picture.height == pytest.approx(16 / 9, rel=0.03)
    assert picture.width * picture.height == pytest.approx(2048**2, rel=0.03)
    small = picture_of(await ask(provider, order(jpeg(), imageConfig={"imageSize": "1k"})))
    assert small.width * small.height == pytest.approx(512**2, rel=0.05)


@pytest.mark.parametrize(
    "body",
    [
        {"contents": [{"parts": [{"text": "no picture"}]}]},
        order(b"not a picture"),
        order(jpeg(), responseMimeType="image/png"),
        order(jpeg(), imageConfig={"aspectRatio": "7:5"}),
        order(jpeg(), imageConfig={"imageSize": "8K"}),
        {"contents": "nothing"},
    ],
)
async def test_what_google_would_not_take_is_refused(
    provider: FakeProvider, body: dict[str, Any]
) -> None:
    response = await ask(provider, body)
    assert response.code == 400
    assert json.loads(response.body)["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("do", "status", "expected"),
    [
        ("no_image", 200, '"finishReason": "NO_IMAGE"'),
        ("text_only", 200, '"finishReason": "STOP"'),
        ("empty_content", 200, '"content": {"role": "model"}'),
        ("null_candidates", 200, '"candidates": null'),
        ("no_candidates", 200, '"usageMetadata"'),
        ("image_safety", 200, "IMAGE_SAFETY"),
        ("prompt_blocked", 200, "PROHIBITED_CONTENT"),
        ("malformed_base64", 200, "not*base64"),
        ("not_a_picture", 200, "image/png"),
        ("truncated_picture", 200, "image/png"),
        ("quota", 429, "RetryInfo"),
        ("quota_day", 429, "PerDay"),
        ("quota_plain", 429, "RESOURCE_EXHAUSTED"),
        ("overloaded", 503, "UNAVAILABLE"),
        ("internal", 500, "INTERNAL"),
        ("deadline", 504, "DEADLINE_EXCEEDED"),
        ("permission_denied", 403, "PERMISSION_DENIED"),
        ("location", 400, "FAILED_PRECONDITION"),
        ("model_gone", 404, MODEL),
        ("html_413", 413, "<html>"),
        ("html_502", 502, "<html>"),
        ("empty", 200, ""),
        ("redirect", 302, ""),
    ],
)
async def test_each_fault_has_its_shape(
    provider: FakeProvider, do: str, status: int, expected: str
) -> None:
    provider.script.then(do)
    response = await ask(provider)
    assert response.code == status
    assert expected in response.body.decode()
    assert (await ask(provider)).code == 200


@pytest.mark.parametrize("do", ["drop", "reset", "drop_after_headers", "drop_mid_answer"])
async def test_a_connection_can_be_lost_at_any_point(provider: FakeProvider, do: str) -> None:
    provider.script.then(do)
    with pytest.raises((StreamClosedError, HTTPStreamClosedError, ConnectionError)):
        await ask(provider)
    await eventually(lambda: provider.log.in_flight == 0)
    assert provider.log.requests[-1].behaviour == do


@pytest.mark.parametrize("do", ["hang", "trickle"])
async def test_it_keeps_a_client_waiting_until_that_goes(provider: FakeProvider, do: str) -> None:
    provider.script.then(do)
    with pytest.raises(HTTPTimeoutError):
        await ask(provider, timeout_seconds=0.5)
    await eventually(lambda: provider.log.requests[-1].hung_up)
    assert provider.log.in_flight == 0


async def test_drafts_and_thoughts_and_text_surround_the_picture(provider: FakeProvider) -> None:
    provider.script.then(
        "image", drafts=2, text_first=True, text_last=True, signature=True, mime="image/webp"
    )
    parts = json.loads((await ask(provider)).body)["candidates"][0]["content"]["parts"]
    assert [part.get("thought", False) for part in parts] == [True, True, False, False, False]
    assert len(parts[3]["thoughtSignature"]) > 10_000
    assert parts[3]["inlineData"]["mimeType"] == "image/webp"


async def test_a_script_is_given_in_order_and_over_http(provider: FakeProvider) -> None:
    script = {"queue": [{"do": "no_image", "times": 2}, {"do": "image", "delay_seconds": 0.2}]}
    client = AsyncHTTPClient()
    await client.fetch(f"{provider.url}/_script", method="POST", body=json.dumps(script))
    answers = [await ask(provider) for _ in range(3)]
    assert ["NO_IMAGE" in answer.body.decode() for answer in answers] == [True, True, False]
    log = json.loads((await client.fetch(f"{provider.url}/_requests")).body)
    assert [seen["behaviour"] for seen in log["requests"]] == ["no_image", "no_image", "image"]
    assert log["requests"][-1]["answered_ms"] >= 200
    assert log["requests"][-1]["model"] == MODEL
    assert log["requests"][-1]["key"] == "…-key"

    await client.fetch(f"{provider.url}/_script", method="DELETE")
    wrong = await client.fetch(
        f"{provider.url}/_script",
        method="POST",
        body='{"queue": [{"do": "sing"}]}',
        raise_error=False,
    )
    assert wrong.code == 400
    assert "no_image" in json.loads(wrong.body)["error"]


async def test_a_model_can_ask_for_its_own_behaviour(provider: FakeProvider) -> None:
    provider.script.always("overloaded")
    assert "NO_IMAGE" in (await ask(provider, model="rehearse-no_image")).body.decode()
    assert (await ask(provider, model="rehearse-nothing")).code == 503


async def test_looking_has_a_script_of_its_own(provider: FakeProvider) -> None:
    provider.script.always("hang").then("bad_key", lane=Lane.CHECK)
    client = AsyncHTTPClient()
    models = f"{provider.url}/v1beta/models"
    key = {"x-goog-api-key": "good-key"}
    assert (await client.fetch(models, headers=key, raise_error=False)).code == 400
    listed = json.loads((await client.fetch(models, headers=key)).body)["models"]
    assert f"models/{MODEL}" in [model["name"] for model in listed]
    one = await client.fetch(f"{models}/gemini-2.5-flash-image", headers=key, raise_error=False)
    assert one.code == 404


async def test_chance_keeps_its_proportions() -> None:
    provider = FakeProvider(odds={"no_image": 0.3, "overloaded": 0.2}, seed=7)
    provider.start()
    try:
        drawn = [provider.script.next(Lane.PROCESS).do for _ in range(2000)]
    finally:
        await provider.stop()
    assert drawn.count("no_image") == pytest.approx(600, rel=0.2)
    assert drawn.count("overloaded") == pytest.approx(400, rel=0.2)
    with pytest.raises(ValueError, match="together are at most 1"):
        FakeProvider(odds={"no_image": 0.6, "overloaded": 0.6})


async def test_all_uploads_share_the_uplink() -> None:
    provider = FakeProvider(painter=PreparedPainter(20), uplink_mbit=16)
    provider.start()
    body = json.dumps({"contents": "x" * 500_000})
    try:
        started = time.monotonic()
        await asyncio.gather(
            *(
                AsyncHTTPClient(force_instance=True).fetch(
                    f"{provider.url}/models/{MODEL}:generateContent",
                    method="POST",
                    body=body,
                    headers={"x-goog-api-key": "k"},
                )
                for _ in range(4)
            )
        )
        elapsed = time.monotonic() - started
    finally:
        await provider.stop()
    assert elapsed >= 4 * 500_000 / 2_000_000 * 0.95
    assert provider.log.peak_in_flight == 4


async def test_the_photo_comes_back_untouched_or_prepared() -> None:
    photo = jpeg()
    for painter, expected in ((EchoPainter(), photo), (PreparedPainter(64), prepared_jpeg(64))):
        provider = FakeProvider(painter=painter)
        provider.start()
        try:
            parts = json.loads((await ask(provider)).body)["candidates"][0]["content"]["parts"]
        finally:
            await provider.stop()
        assert base64.b64decode(parts[0]["inlineData"]["data"]) == expected
    assert 48 * 1024 <= len(prepared_jpeg(64)) <= 64 * 1024


async def test_it_can_refuse_connections_and_come_back(provider: FakeProvider) -> None:
    port = int(provider.url.rpartition(":")[2])
    await provider.go_away()
    with pytest.raises(ConnectionRefusedError):
        await ask(provider)
    provider.start(port=port)
    assert (await ask(provider)).code == 200


def test_the_command_names_its_behaviours_and_its_faults() -> None:
    listed = CliRunner().invoke(main, ["fake-provider", "--list-behaviours"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in behaviours())
    wrong = CliRunner().invoke(main, ["fake-provider", "--fault", "sing=0.5"])
    assert wrong.exit_code == 2
    assert "sing is none of" in wrong.output


def test_the_command_serves_until_it_is_stopped() -> None:
    command = [sys.executable, "-m", "photobooth_daemon.cli", "fake-provider", "--seed", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/v1beta/models?key=k") as response:
            assert response.status == 200
        process.terminate()
        assert process.wait(10) == 0
