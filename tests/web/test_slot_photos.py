"""A saved change is in force for the next photo, and what came of photos shows at the slot."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.fakes import eventually
from tests.support.office import Office, Reply
from tests.support.quick_painter import QuickPainter
from tests.support.sample_pictures import jpeg
from tests.support.slots import SLOT, configured


async def send(office: Office, **options: Any) -> Reply:
    return await office.post_form(
        "/api/ingest/slot-001", {"password": "booth-password", "file": jpeg()}, token=None
    )


async def test_a_change_is_in_force_for_the_next_photo(office: Office) -> None:
    await office.put("/api/settings", {"version": 1, "ingest_password": "booth-password"})
    assert (await send(office)).code == "slot_disabled"
    await configured(office)
    first = await send(office)
    assert first.status == 200, first.body
    await office.put(SLOT, {"output": {"format": "webp"}}, If_Match="*")
    second = await send(office)
    assert (first.json()["content_type"], second.json()["content_type"]) == (
        "image/jpeg", "image/webp",
    )  # fmt: skip
    await office.put(SLOT, {"enabled": False}, If_Match="*")
    assert (await send(office)).code == "slot_disabled"
    jobs = await office.fetch("SELECT slot_version FROM job_history ORDER BY started_at")
    assert [job["slot_version"] for job in jobs] == [2, 3]


async def test_a_photo_in_flight_finishes_under_its_version(
    database: Database, tmp_path: Path
) -> None:
    provider = FakeProvider(painter=QuickPainter())
    office = await Office.open(database, tmp_path, gemini_url=provider.start())
    try:
        await office.put("/api/settings", {"version": 1, "ingest_password": "booth-password"})
        gemini = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}
        await configured(office, **gemini, output={"format": "webp"})
        provider.script.then("image", delay_seconds=1.5)
        sent = asyncio.create_task(send(office))
        await eventually(lambda: len(provider.log.as_json()["requests"]) == 1)
        change = {"enabled": False, "params": {"prompt": "frown"}, "output": {"format": "png"}}
        assert (await office.put(SLOT, change, If_Match="*")).status == 200
        assert (await send(office)).code == "slot_disabled"
        answer = await sent
        assert answer.status == 200, answer.body
        assert answer.json()["content_type"] == "image/webp"
        (job,) = await office.fetch("SELECT slot_version FROM job_history")
        assert job["slot_version"] == 2
    finally:
        await office.close()
        await provider.stop()


async def test_recent_results_and_what_the_board_shows(office: Office) -> None:
    await office.put("/api/settings", {"version": 1, "ingest_password": "booth-password"})
    await configured(office)
    etag = (await office.get(SLOT)).headers["ETag"]
    job_ids = [(await send(office)).json()["job_id"] for _ in range(11)]
    await office.post_form(f"{SLOT}/test", {"file": jpeg()})
    # The version has not changed, what is shown has.
    slot = (await office.get(SLOT, If_None_Match=etag)).json()
    assert [result["job_id"] for result in slot["recent_results"]] == job_ids[:0:-1]
    newest = slot["recent_results"][0]
    assert newest.keys() == {"job_id", "result_url", "preview_url", "created_at", "expires_at"}
    assert newest["result_url"] == f"/public/results/{job_ids[-1]}"
    assert (await office.get(newest["preview_url"], token=None)).status == 200
    board = (await office.get("/api/slots")).json()["items"][0]
    assert board["counts"] == {"done": 11, "timeout": 0, "failed": 0, "pending": 0}
    assert (board["last_job"]["job_id"], board["last_job"]["status"]) == (job_ids[-1], "done")
    assert board["last_result"] == newest
    await office.execute("UPDATE job_history SET result_expires_at = started_at")
    assert (await office.get(SLOT)).json()["recent_results"] == []
