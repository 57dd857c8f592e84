"""A photo whose work is broken off at its end: what is done stays done, and keeps its picture."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from typing import Any

import pytest

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.media import file_store
from photobooth_daemon.model import Job, JobEnd, JobStatus
from tests.support.booth import Booth

really_end = Jobs.end
really_publish = file_store.publish_directory


@pytest.mark.parametrize("committed", [True, False])
async def test_a_photo_that_is_broken_off_while_its_end_is_written_down(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    at_the_end = asyncio.Event()

    async def end(jobs: Jobs, job: Job, end: JobEnd, deadline: Deadline) -> bool:
        if end.status is not JobStatus.DONE:
            return await really_end(jobs, job, end, deadline)
        if committed:
            await really_end(jobs, job, end, deadline)
        at_the_end.set()
        await asyncio.Event().wait()  # the answer to the commit does not come
        raise AssertionError("it is broken off before")

    monkeypatch.setattr(Jobs, "end", end)
    sending = asyncio.create_task(booth.post(booth.form()))
    await asyncio.wait_for(at_the_end.wait(), 60)
    await booth.app.in_flight.drain(0)
    await booth.app.in_flight.drain(30)
    job = await booth.the_job()
    folder = booth.media_root / "results" / str(job["job_id"])
    if committed:
        assert job["status"] == "done"
        (stored,) = folder.glob("result.*")
        assert hashlib.sha256(stored.read_bytes()).hexdigest() == job["result_sha256"]
    else:
        assert job["status"] == "failed"
        assert not folder.exists()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def test_a_photo_that_is_broken_off_while_it_is_stored_leaves_nothing(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, stored = threading.Event(), threading.Event(), threading.Event()

    def publish(*arguments: Any) -> None:
        begun.set()
        goes_on.wait(60)
        really_publish(*arguments)
        stored.set()

    monkeypatch.setattr(file_store, "publish_directory", publish)
    sending = asyncio.create_task(booth.post(booth.form()))
    assert await asyncio.to_thread(begun.wait, 60)
    await booth.app.in_flight.drain(0)
    goes_on.set()
    assert await asyncio.to_thread(stored.wait, 60)
    await booth.app.in_flight.drain(30)
    job = await booth.the_job()
    assert job["status"] == "failed"
    assert not (booth.media_root / "results" / str(job["job_id"])).exists()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
