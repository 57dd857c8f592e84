"""What a camera is told when its photo fails, and that the job ends whatever else fails."""

from __future__ import annotations

import asyncio
import errno
from io import BytesIO

import pytest
from PIL import Image

from photobooth_daemon.ingest import open_job
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.ingest.requests import RequestBuilder
from photobooth_daemon.media.scratch_file import BLOCK_BYTES, ScratchFile
from tests.support.booth import SLOT, Booth
from tests.support.fakes import eventually
from tests.support.sample_pictures import corners, jpeg, noise


async def test_502_provider_error_with_the_last_reason(booth: Booth) -> None:
    booth.provider.script.always("prompt_blocked")
    answer = await booth.post()
    assert (answer.status, answer.code) == (502, "provider_error")
    job = await booth.the_job()
    assert answer.json()["provider_code"] == "refused" == job["provider_code"]
    assert answer.json()["job_id"] == str(job["job_id"])
    assert (job["status"], job["failure_code"]) == ("failed", "provider_error")
    assert [attempt["reason"] for attempt in job["attempts"]] == ["refused"]
    await booth.nothing_left()


async def test_504_provider_timeout(booth: Booth) -> None:
    await booth.configure_settings(sync_response_seconds=3)
    booth.provider.script.then("hang")
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await booth.post()
    assert loop.time() - began < 3
    assert (answer.status, answer.code) == (504, "provider_timeout")
    # The answer does not wait for a slow database; the row follows it at once.
    await booth.nothing_left()
    job = await booth.the_job()
    assert (job["status"], job["failure_code"]) == ("timeout", "provider_timeout")
    assert answer.json()["job_id"] == str(job["job_id"])
    booth.provider.script.clear()
    assert (await booth.post()).status == 200


async def test_original_instead_of_an_error(booth: Booth) -> None:
    await booth.configure_slot(on_failure="original")
    booth.provider.script.always("prompt_blocked")
    photo = jpeg(
        corners(), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    )
    answer = await booth.post(booth.form(photo))
    body = answer.json()
    assert (answer.status, answer.headers["X-Photobooth-Fallback"]) == (200, "original")
    assert (body["status"], body["fallback"]) == ("failed", "original")
    assert (body["result_url"], body["result_link"], body["page_link"]) == (None, None, None)
    assert (body["width"], body["height"]) == (200, 300), "upright"
    picture = await booth.post(booth.form(photo), path=f"/api/ingest/{SLOT}?response=image")
    assert Image.open(BytesIO(picture.body)).size == (200, 300)
    await booth.nothing_left()


@pytest.mark.parametrize("on_failure", ["error", "original"])
async def test_a_job_ends_whatever_else_fails(
    booth: Booth, on_failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "a broken disk")

    await booth.configure_slot(on_failure=on_failure)
    booth.provider.script.then("prompt_blocked")
    monkeypatch.setattr(open_job, "original", broken)
    with monkeypatch.context() as while_removing:
        while_removing.setattr(ScratchFile, "_remove", broken)
        answer = await booth.post()
    assert (answer.status, answer.code) == (502, "provider_error")
    assert (await booth.the_job())["status"] == "failed"
    assert (await booth.post()).status == 200


async def test_500_when_the_photo_cannot_be_written(booth: Booth) -> None:
    (booth.media_root / "scratch").rmdir()
    photo = jpeg(noise(2000, 1500), quality=95)
    assert len(photo) > BLOCK_BYTES
    answer = await booth.post(booth.form(photo))
    assert (answer.status, answer.code) == (500, "internal_error")
    assert booth.app.gate.seats() == 0
    (booth.media_root / "scratch").mkdir()
    await booth.nothing_left()


async def test_500_names_the_job_that_it_ended(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(booth.app.media_store, "store_result", broken)
    answer = await booth.post()
    assert (answer.status, answer.code) == (500, "internal_error")
    job = await booth.the_job()
    assert answer.json()["job_id"] == str(job["job_id"])
    assert (job["status"], job["failure_code"]) == ("failed", "internal_error")
    assert "a fault of ours" in caplog.text
    await booth.nothing_left()


async def test_503_names_the_job_whose_end_is_not_recorded_yet(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> bool:
        await asyncio.Event().wait()
        return True

    await booth.configure_settings(sync_response_seconds=3)
    monkeypatch.setattr(Jobs, "end", hang)
    answer = await booth.post()
    assert (answer.status, answer.code) == (503, "database_unavailable")
    assert answer.json()["job_id"] == str((await booth.the_job())["job_id"])
    await booth.app.in_flight.drain(0)


async def test_a_job_ends_when_its_work_is_given_up(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = asyncio.Event()

    async def hang(_: RequestBuilder) -> None:
        closing.set()
        await asyncio.Event().wait()

    booth.provider.script.then("prompt_blocked")
    monkeypatch.setattr(RequestBuilder, "close", hang)
    posting = asyncio.ensure_future(booth.post())
    await closing.wait()
    await booth.app.in_flight.drain(0)
    await eventually(lambda: _ended(booth))
    posting.cancel()


async def _ended(booth: Booth) -> bool:
    return (await booth.the_job())["status"] == "failed"
