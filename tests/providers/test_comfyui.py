"""ComfyUI: upload, queue, wait, fetch, call off; the server runs one prompt at a time."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tornado.ioloop import IOLoop

from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, Reason
from photobooth_daemon.providers.comfyui.driver import ComfyUIDriver
from photobooth_daemon.providers.comfyui.workflow import filled, model_of
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.drivers import KEY, canned, driver_for, failure_of, request, template
from tests.support.fakes import eventually

WORKFLOW: dict[str, Any] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "x.jpg"}},
    "3": {"class_type": "KSampler", "inputs": {"seed": 42, "steps": 8, "model": ["4", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "flux.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "old"}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
}


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[FakeProvider]:
    provider = FakeProvider()

    async def start() -> None:
        provider.start()

    io_loop.run_sync(start)
    yield provider
    io_loop.run_sync(provider.stop)


def run(params: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {"workflow": WORKFLOW, "prompt": "glow", "prompt_input": "6.text", **(params or {})}
    return request("workflow", given, provider="comfyui", **more)


@asynccontextmanager
async def comfyui(base_url: str, **config: Any) -> AsyncIterator[ComfyUIDriver]:
    async with driver_for(ComfyUIDriver, base_url, **config) as driver:
        driver.poll_seconds = 0.01
        yield driver
        await eventually(lambda: not driver._leaving)


def posted(provider: FakeProvider, path: str) -> list[Any]:
    return [r for r in provider.log.requests if (r.method, r.path) == ("POST", path)]


@pytest.mark.parametrize(
    "options", [{}, {"looks": 7}, {"own_id": True}, {"preview": True, "looks": 3}]
)
async def test_a_workflow_brings_a_picture(
    provider: FakeProvider, options: dict[str, Any], tmp_path: Path
) -> None:
    provider.script.then("image", **options)
    workflow = {**WORKFLOW, "2": {"class_type": "LoadImage", "inputs": {"image": "y.png"}}}
    params = {"workflow": workflow, "reference_inputs": ["2.image"], "values": {"3.steps": 4}}
    bound = [template(tmp_path, "reference")]
    async with comfyui(provider.url) as driver:
        result = await driver.process(run(params, templates=bound))
    with Image.open(io.BytesIO(result.picture)) as image:
        assert image.width > 900
    sent = posted(provider, "/prompt")[0].facts["workflow"]
    assert sent["6"]["inputs"]["text"] == "glow"
    assert sent["1"]["inputs"]["image"].startswith("photobooth-")
    assert sent["2"]["inputs"]["image"] == f"photobooth-{bound[0].media_id}.png"
    assert sent["3"]["inputs"]["seed"] != 42
    assert sent["3"]["inputs"]["steps"] == 4
    assert WORKFLOW["3"]["inputs"]["seed"] == 42
    assert posted(provider, "/history")
    assert not posted(provider, "/interrupt")


@pytest.mark.parametrize(
    ("behaviour", "options", "reason"),
    [
        ("failed", {}, Reason.BAD_RESPONSE),
        ("overloaded", {}, Reason.OVERLOADED),
        ("interrupted", {}, Reason.OVERLOADED),
        ("no_image", {}, Reason.NO_IMAGE),
        ("lost", {}, Reason.BAD_RESPONSE),
        ("bad_request", {}, Reason.BAD_REQUEST),
        ("old_refusal", {}, Reason.BAD_REQUEST),
        ("image", {"dropped": "9"}, Reason.BAD_REQUEST),
        ("internal", {}, Reason.OVERLOADED),
        ("html_502", {}, Reason.OVERLOADED),
        ("garbage", {}, Reason.BAD_RESPONSE),
        ("empty", {}, Reason.BAD_RESPONSE),
        ("drop", {}, Reason.UNREACHABLE),
    ],
)
async def test_every_failure_has_its_reason(
    provider: FakeProvider, behaviour: str, options: dict[str, Any], reason: Reason
) -> None:
    provider.script.then(behaviour, **options)
    async with comfyui(provider.url) as driver:
        failure = await failure_of(driver, run())
    assert failure.reason is reason, failure
    assert failure.again == (0 if reason is Reason.NO_IMAGE else None)


async def test_only_a_dropped_output_that_is_wanted_counts(provider: FakeProvider) -> None:
    provider.script.then("image", dropped="12").then("image", dropped="9", own_id=True)
    async with comfyui(provider.url) as driver:
        assert (await driver.process(run({"output_node": "9"}))).picture
        failure = await failure_of(driver, run({"output_node": "9"}))
        assert "node 9: Required input is missing" in failure.message
        await eventually(lambda: posted(provider, "/interrupt"))
        queued = posted(provider, "/prompt")[1].facts["prompt_id"]
        assert failure.provider_request_id == queued


async def test_a_late_prompt_is_called_off_and_no_other_one(provider: FakeProvider) -> None:
    provider.script.then("never").then("never").then("never")
    async with comfyui(provider.url) as driver:
        running = asyncio.create_task(driver.process(run(seconds=30)))
        await eventually(lambda: len(posted(provider, "/prompt")) == 1)
        with pytest.raises(DeadlinePassed):
            await driver.process(run(seconds=0.5))
        await eventually(lambda: posted(provider, "/queue"))
        await eventually(lambda: not driver._leaving)
        assert not posted(provider, "/interrupt")
        assert not running.done()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await eventually(lambda: posted(provider, "/interrupt"))
        await eventually(lambda: not driver._leaving)
        after = await driver.check("workflow", {})
    assert (after.ok, after.detail) == (True, "ComfyUI 0.36.0, 0 in the queue")


async def test_a_queue_that_is_too_long_is_told_early(provider: FakeProvider) -> None:
    async with comfyui(provider.url) as driver:
        await driver.process(run())
        driver._usual_seconds = 20.0
        provider.script.then("never")
        waiting = asyncio.create_task(driver.process(run(seconds=30)))
        await eventually(lambda: len(posted(provider, "/prompt")) == 2)
        failure = await failure_of(driver, run(seconds=10))
        assert failure.reason is Reason.OVERLOADED
        waiting.cancel()
        await asyncio.wait({waiting})


async def test_a_server_that_stutters_is_waited_for(provider: FakeProvider) -> None:
    async with canned() as server, comfyui(server.url) as driver:
        server.will(200, '{"exec_info": {"queue_remaining": 0}}')
        server.will(200, '{"name": "a.jpg", "subfolder": "booth"}')
        server.will(200, '{"prompt_id": "p"}')
        server.will(503, "loading")
        server.will(200, "{}")
        server.will(502, "loading")
        file = '{"filename": "r.png", "subfolder": "s", "type": "temp"}'
        server.will(200, f'{{"p": {{"outputs": {{"9": {{"images": [{file}]}}}}}}}}')
        server.will(200, b"picture")
        assert (await driver.process(run())).picture == b"picture"
        await eventually(lambda: not driver._leaving)
        view = next(r for r in server.requests if r.path == "/view")
        assert view.query == "filename=r.png&subfolder=s&type=temp"
        assert all("Origin" not in r.headers for r in server.requests)
        assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_the_check_names_a_server_that_is_something_else() -> None:
    async with canned() as server, driver_for(ComfyUIDriver, server.url) as driver:
        server.will(404, "nothing here")
        found = await driver.check("workflow", {})
        assert (found.ok, found.detail) == (False, "bad_request: not ComfyUI: HTTP 404")
    assert not ComfyUIDriver.is_configured(ProviderConfig("comfyui", api_key=KEY))


@pytest.mark.parametrize(
    "params",
    [
        {"workflow": {}},
        {"workflow": {"1": {"class_type": "SaveImage", "inputs": {}}}},
        {"workflow": {**WORKFLOW, "2": WORKFLOW["1"]}},
        {"workflow": WORKFLOW, "photo_input": "77.image"},
        {"workflow": WORKFLOW, "prompt": "x"},
        {"workflow": WORKFLOW, "values": {"nonsense": 1}},
    ],
)
def test_a_workflow_that_does_not_fit_is_a_bad_request(params: dict[str, Any]) -> None:
    with pytest.raises(AttemptFailed) as failed:
        filled(params, photo="p", references=[], seed=1)
    assert failed.value.reason is Reason.BAD_REQUEST


def test_a_reference_needs_an_input() -> None:
    with pytest.raises(AttemptFailed):
        filled({"workflow": WORKFLOW}, photo="p", references=["r"], seed=1)


def test_the_model_is_what_the_workflow_loads() -> None:
    assert model_of(WORKFLOW) == "flux.safetensors"
    assert model_of({"1": None, "2": {"inputs": []}}) is None
