"""A photo and its providers, port to port: ladders, costs, what the job remembers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_gemini_messages import FOUL_TEXT
from photobooth_daemon.repositories.live_messages import CHANNEL
from tests.support.booth import KEY, Booth
from tests.support.fakes import eventually

LOCAL = {"provider": "local", "operation": "look", "params": {"look": "sepia"}}
OPENAI = {"provider": "openai", "operation": "edit", "params": {"prompt": "smile"}}


@pytest.fixture
def booth(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Booth]:
    providers: dict[str, dict[str, Any]] = {"openai": {}, "comfyui": {}}

    booth = io_loop.run_sync(
        lambda: Booth.open(database, tmp_path, providers=providers, store_reserve_seconds=5.0)
    )
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
        assert picture.width > 600
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
