"""Cameras that announce a photo and do not send it, or go in the middle of it."""

from __future__ import annotations

import asyncio

import pytest

from photobooth_daemon.ingest.waiting.turns import TURNS
from photobooth_daemon.web.incoming import body as body_module
from photobooth_daemon.web.incoming import upload as upload_module
from tests.support.booth import SLOT, Booth
from tests.support.fakes import eventually
from tests.support.sample_pictures import jpeg, noise


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "application/json"])
async def test_headers_without_a_body_keep_nobody_waiting(
    booth: Booth, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_module, "SILENCE_SECONDS", 60)
    monkeypatch.setattr(body_module, "DRAIN_SECONDS", 60)
    idle = []
    for _ in range(TURNS):
        _, writer = await booth.connect()
        headers = {"Content-Type": kind, "Content-Length": "100000"}
        await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
        idle.append(writer)
    # Who is refused holds no seat for what is still to be drained.
    seats = TURNS if kind.startswith("multipart") else 0
    await eventually(lambda: booth.app.gate.seats() == seats)
    async with asyncio.timeout(20):
        assert (await booth.post()).status == 200
    for writer in idle:
        writer.transport.abort()
    await eventually(lambda: not booth.app.gate.seats())
    await booth.nothing_left()


async def test_hang_up_while_uploading_leaves_nothing(booth: Booth) -> None:
    _, writer = await booth.connect()
    form = booth.form(jpeg(noise(2000, 1500)))
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Content-Length": str(len(form))}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    writer.write(form[: len(form) // 2])
    await writer.drain()
    await eventually(booth.app.gate.seats)
    writer.transport.abort()
    await eventually(lambda: not booth.app.gate.seats())
    assert await booth.count_jobs() == 0
    await booth.nothing_left()


async def test_hang_up_after_the_upload_still_ends_in_the_gallery(booth: Booth) -> None:
    booth.provider.script.then("image", delay_seconds=1)
    _, writer = await booth.connect()
    form = booth.form()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Content-Length": str(len(form))}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    writer.write(form)
    await writer.drain()
    await eventually(booth.count_jobs)
    writer.transport.abort()
    await booth.nothing_left()
    job = await booth.the_job()
    assert job["status"] == "done"
    assert (await booth.get(f"/public/results/{job['job_id']}")).status == 200
