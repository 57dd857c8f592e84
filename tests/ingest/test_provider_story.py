"""A photo and its providers, port to port: ladders, links, costs, what the job remembers."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from photobooth_daemon.database.pool import Database
from photobooth_daemon.providers.turbotext.driver import TurbotextDriver
from photobooth_daemon.rehearsal.fake_gemini_messages import FOUL_TEXT
from photobooth_daemon.repositories.live_messages import CHANNEL
from tests.support.booth import KEY, Booth
from tests.support.fakes import eventually
from tests.support.sample_pictures import noise, png

LOCAL = {"provider": "local", "operation": "look", "params": {"look": "sepia"}}
OPENAI = {"provider": "openai", "operation": "edit", "params": {"prompt": "smile"}}


class Gateway:
    """What stands before the daemon on the internet: knows its port once it has one."""

    def __init__(self) -> None:
        self.port = 0
        gateway = self

        class Forward(RequestHandler):
            async def get(self) -> None:
                answer = await AsyncHTTPClient().fetch(
                    f"http://127.0.0.1:{gateway.port}{self.request.uri}",
                    method=self.request.method or "GET",
                    raise_error=False,
                    follow_redirects=False,
                )
                self.set_status(answer.code)
                self.set_header("Content-Type", answer.headers.get("Content-Type", ""))
                self.write(answer.body)

            head = get

        self._server = HTTPServer(Application([(r".*", Forward)], log_function=lambda _: None))
        socket, port = bind_unused_port()
        self._server.add_sockets([socket])
        self.url = f"http://127.0.0.1:{port}"

    async def close(self) -> None:
        self._server.stop()
        await self._server.close_all_connections()


@pytest.fixture
def gateway(io_loop: IOLoop) -> Iterator[Gateway]:
    async def opened() -> Gateway:
        return Gateway()

    gateway = io_loop.run_sync(opened)
    yield gateway
    io_loop.run_sync(gateway.close)


@pytest.fixture
def booth(io_loop: IOLoop, database: Database, tmp_path: Path, gateway: Gateway) -> Iterator[Booth]:
    providers = {"openai": {}, "turbotext": {"local": True}, "comfyui": {}}

    async def opened() -> Booth:
        booth = await Booth.open(
            database,
            tmp_path,
            providers=providers,
            public_url=gateway.url,
            store_reserve_seconds=5.0,
        )
        gateway.port = booth.port
        turbotext = booth.app.drivers["turbotext"]
        assert isinstance(turbotext, TurbotextDriver)
        turbotext.poll_seconds = 0.1
        return booth

    booth = io_loop.run_sync(opened)
    yield booth
    io_loop.run_sync(booth.close)


async def attempts(booth: Booth) -> list[str]:
    job = await booth.the_job()
    return [f"{a['provider']}:{a['reason'] or 'ok'}" for a in job["attempts"]]


async def test_the_next_rung_brings_the_picture(booth: Booth) -> None:
    booth.provider.script.then("prompt_blocked")
    await booth.configure_slot(fallback=[OPENAI, LOCAL])
    answer = await booth.post()
    assert answer.status == 200, answer.body
    assert await attempts(booth) == ["gemini:refused", "openai:ok"]
    job = await booth.the_job()
    assert (job["provider"], job["operation"]) == ("openai", "edit")
    first, second = job["attempts"]
    assert first["model"] == "gemini-nano-banana-2.1"
    assert "PROHIBITED_CONTENT" in first["message"]
    assert second["provider_request_id"].startswith("req_")
    assert second["started_ms"] >= first["duration_ms"] >= 0
    assert float(job["cost"]) == pytest.approx(second["cost"] + (first["cost"] or 0))
    assert second["cost"] > 0.04
    await booth.nothing_left()


async def test_words_that_cannot_be_stored_do_not_cost_the_picture(booth: Booth) -> None:
    booth.provider.script.then("foul_text").then("image", response_id=FOUL_TEXT)
    await booth.configure_slot(fallback=[LOCAL])
    for expected in (["gemini:refused", "local:ok"], ["gemini:ok"]):
        answer = await booth.post()
        assert answer.status == 200, answer.body
        assert await attempts(booth) == expected
        job = await booth.the_job()
        assert job["attempts"][0]["provider_request_id"] == "no\ufffd \ufffd way"
        await booth.fetch("DELETE FROM media_object")
        await booth.fetch("DELETE FROM job_history")
    booth.provider.script.then("foul_text")
    await booth.configure_slot(fallback=[])
    assert (await booth.post()).status == 502
    job = await booth.the_job()
    assert job["status"] == "failed"
    assert "no\ufffd \ufffd way" in job["attempts"][0]["message"]


async def test_local_is_the_rung_that_is_left(booth: Booth) -> None:
    booth.provider.script.always("drop")
    await booth.configure_slot(fallback=[OPENAI, LOCAL])
    answer = await booth.post()
    assert answer.status == 200
    expected = [*["gemini:unreachable"] * 2, *["openai:unreachable"] * 2, "local:ok"]
    assert await attempts(booth) == expected
    await booth.nothing_left()


async def test_a_provider_that_never_paints_ends_the_photo_early(booth: Booth) -> None:
    booth.provider.script.always("no_image")
    await booth.configure_slot(fallback=[])
    answer = await booth.post()
    assert (answer.status, answer.json()["provider_code"]) == (502, "no_image")
    last = (await booth.the_job())["attempts"][-1]
    assert last["started_ms"] + last["duration_ms"] < 20_000
    assert len(booth.provider.log.requests) == 5
    await booth.nothing_left()


async def test_all_rungs_together_keep_to_the_attempts_of_a_photo(booth: Booth) -> None:
    booth.provider.script.always("no_image")
    await booth.configure_settings(attempts_per_photo=3)
    await booth.configure_slot(fallback=[OPENAI, LOCAL])
    assert (await booth.post()).status == 200
    assert await attempts(booth) == ["gemini:no_image"] * 3 + ["local:ok"]
    booth.provider.script.then("prompt_blocked").then("overloaded").always("no_image")
    await booth.configure_slot(fallback=[OPENAI, OPENAI, OPENAI])
    asked = len(booth.provider.log.requests)
    assert (await booth.post()).json()["provider_code"] == "no_image"
    assert len(booth.provider.log.requests) == asked + 3


async def test_a_rung_whose_driver_is_gone_is_passed_by(booth: Booth) -> None:
    await booth.configure_slot(provider="vanished", operation="x", fallback=[LOCAL])
    assert (await booth.post()).status == 200
    await booth.configure_slot(fallback=[])
    assert (await booth.post()).json()["provider_code"] == "bad_request"


async def test_a_hanging_rung_leaves_time_for_the_next(booth: Booth) -> None:
    booth.provider.script.always("hang")
    await booth.configure_slot(fallback=[LOCAL], sync_response_seconds=10)
    answer = await booth.post()
    assert answer.status == 200, answer.body
    assert answer.json()["timings"]["total_ms"] < 10_000
    assert await attempts(booth) == ["gemini:timeout", "local:ok"]
    await booth.nothing_left()


async def test_the_last_reason_is_told_when_every_rung_is_used_up(booth: Booth) -> None:
    booth.provider.script.then("prompt_blocked").then("bad_key")
    await booth.configure_slot(fallback=[OPENAI])
    answer = await booth.post()
    assert (answer.status, answer.code) == (502, "provider_error")
    assert answer.json()["provider_code"] == "auth"
    job = await booth.the_job()
    assert (job["status"], job["provider_code"]) == ("failed", "auth")
    assert KEY not in json.dumps([dict(a) for a in job["attempts"]])
    await booth.nothing_left()


async def test_the_untouched_photo_when_nothing_else_is_left(booth: Booth) -> None:
    booth.provider.script.always("prompt_blocked")
    await booth.configure_slot(fallback=[OPENAI], on_failure="original")
    answer = await booth.post()
    assert answer.status == 200
    assert answer.headers["X-Photobooth-Fallback"] == "original"
    assert answer.json()["status"] == "failed"


@pytest.mark.parametrize("fetch", ["create", "late", "twice", "head"])
async def test_a_provider_fetches_the_photo_by_its_temporary_link(booth: Booth, fetch: str) -> None:
    booth.provider.script.then("image", fetch=fetch)
    params = {"prompt": "Oil", "input_max_edge_px": 300}
    await booth.configure_slot(
        provider="turbotext", operation="generate_image2image", params=params
    )
    answer = await booth.post()
    assert answer.status == 200, answer.body
    fetched = [r.facts["fetched"] for r in booth.provider.log.requests if "fetched" in r.facts]
    assert all(status == 200 for _, _, status in fetched[0])
    link = booth.provider.log.requests[0].facts["form"]["url"]
    gone = await booth.get("/public/media/" + link.rpartition("/")[2])
    assert (gone.status, gone.code) == (410, "media_expired")
    await booth.nothing_left()


async def test_a_template_is_fetched_as_it_would_be_sent(booth: Booth) -> None:
    style = png(noise(900, 600))
    await booth.bind_template("style", style)
    params = {"input_max_edge_px": 300}
    await booth.configure_slot(provider="turbotext", operation="mix_images", params=params)
    answer = await booth.post()
    assert answer.status == 200, answer.body
    seen = booth.provider.log.requests[0]
    assert [status for _, _, status in seen.facts["fetched"]] == [200, 200]
    assert seen.facts["form"]["url"].endswith(".jpg")
    await booth.nothing_left()


@pytest.mark.parametrize(
    ("behaviour", "options", "creates"),
    [
        ("image", {"link_404": 99}, 1),
        ("not_a_picture", {}, 1),
        ("overloaded", {"busy": True}, 3),
    ],
)
async def test_a_paid_queue_is_not_asked_over_and_over(
    booth: Booth, behaviour: str, options: dict[str, Any], creates: int
) -> None:
    booth.provider.script.always(behaviour, **options)
    await booth.configure_slot(
        provider="turbotext", operation="generate_image2image", params={"prompt": "Oil"}
    )
    assert (await booth.post()).status == 502
    forms = [r.facts["form"] for r in booth.provider.log.requests]
    assert len([form for form in forms if form["do"] == "create_queue"]) == creates
    await booth.nothing_left()


async def test_a_file_that_cannot_be_removed_costs_no_picture(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: UUID) -> int:
        raise OSError(errno.EIO, "a broken disk")

    monkeypatch.setattr(booth.app.media_store, "remove_provider_input", broken)
    await booth.configure_slot(
        provider="turbotext", operation="generate_image2image", params={"prompt": "Oil"}
    )
    assert (await booth.post()).status == 200
    link = booth.provider.log.requests[0].facts["form"]["url"]
    gone = await booth.get("/public/media/" + link.rpartition("/")[2])
    assert (gone.status, gone.code) == (410, "media_expired")


async def test_a_link_ends_with_the_window(booth: Booth) -> None:
    booth.provider.script.then("never")
    await booth.configure_slot(
        provider="turbotext",
        operation="generate_image2image",
        params={"prompt": "Oil"},
        sync_response_seconds=10,
    )
    answer = await booth.post()
    assert (answer.status, answer.code) == (504, "provider_timeout")
    assert await attempts(booth) == ["turbotext:cancelled"]
    (attempt,) = (await booth.the_job())["attempts"]
    assert (attempt["provider_request_id"], attempt["usage"]) == ("90211", {"creates": 1})
    link = booth.provider.log.requests[0].facts["form"]["url"]
    assert (await booth.get("/public/media/" + link.rpartition("/")[2])).status == 410
    await booth.nothing_left()


async def test_a_workflow_on_a_card_of_ones_own(booth: Booth) -> None:
    workflow = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "x.jpg"}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    await booth.configure_slot(
        provider="comfyui", operation="workflow", params={"workflow": workflow}
    )
    answer = await booth.post(Accept="image/*")
    assert answer.status == 200, answer.body
    with Image.open(io.BytesIO(answer.body)) as picture:
        assert picture.width > 900
    assert float((await booth.the_job())["cost"]) == 0.0


async def test_a_prompt_is_called_off_before_the_daemon_ends(
    database: Database, tmp_path: Path
) -> None:
    booth = await Booth.open(database, tmp_path, providers={"comfyui": {}})
    driver: Any = booth.app.drivers["comfyui"]
    try:
        # As when the window of the last photo closes while the daemon ends.
        driver._leave("0b6e4f0e-5c4e-4b0c-9b1d-3f0f3d0c9a11", done=False)
    finally:
        await booth.close()
    asked = [(seen.method, seen.path) for seen in booth.provider.log.requests]
    assert ("POST", "/queue") in asked
    assert ("POST", "/history") in asked


async def test_saving_a_slot_ends_a_cool_down(booth: Booth) -> None:
    booth.provider.script.then("bad_key")
    await booth.configure_slot(fallback=[LOCAL])

    async def asked() -> int:
        before = len(booth.provider.log.requests)
        assert (await booth.post()).status == 200
        return len(booth.provider.log.requests) - before

    assert await asked() == 1
    assert await asked() == 0
    async with booth.database.connection() as connection:
        data: dict[str, Any] = {"slot_id": "slot-001", "version": 2}
        await connection.execute(
            "INSERT INTO live_message (kind, data, at) VALUES ('slot', $1, now())", data
        )
        await connection.execute("SELECT pg_notify($1, '')", CHANNEL)

    async def probed() -> bool:
        return await asked() == 1

    await eventually(probed)


async def test_guests_answers_reach_the_prompt_and_no_log(
    booth: Booth, caplog: pytest.LogCaptureFixture
) -> None:
    fields = [
        {"field": "hero", "choices": ["Robin Hood"], "default": "a knight", "max_length": 40},
        {"field": "name", "choices": None, "default": "a guest", "max_length": 12},
    ]
    await booth.configure_slot(params={"prompt": "{{name}} as {{hero}}"}, guest_fields=fields)
    answers = {"hero": b"robin hood", "name": "Ольга\nignore {{hero}} all".encode()}
    assert (await booth.post(booth.form(fields=answers))).status == 200
    assert (await booth.post(booth.form())).status == 200
    prompts = [seen.facts["prompt"] for seen in booth.provider.log.requests]
    assert prompts == ["Ольга ignore as Robin Hood", "a guest as a knight"]
    assert "Ольга" not in caplog.text
