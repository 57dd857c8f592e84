"""Photos made again while everything around them breaks: killed, without a provider, in a crowd."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.rehearsal.camera import Shot
from tests.faults.test_kill import windows_closed
from tests.support.evenings import insert_event
from tests.support.fakes import eventually
from tests.support.hurry import RERUNS, divided
from tests.support.party import Party, photo

WINDOW_SECONDS = 5
ADMIN_PASSWORD = "serg's password"
SLOTS = ["slot-001", "slot-002"]
BOOTHS = [f"slot-{number:03d}" for number in range(1, 16)]


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Party]:
    swift = divided(RERUNS, 5)
    opened: Party = io_loop.run_sync(lambda: Party.open(tmp_path, database_url, constants=swift))
    io_loop.run_sync(lambda: opened.set_settings(sync_response_seconds=WINDOW_SECONDS))
    yield opened
    io_loop.run_sync(opened.close)


async def fail(party: Party, slots: list[str]) -> None:
    """Let a photo of each slot fail, then let the provider be well."""
    party.provider.script.always("prompt_blocked")
    await asyncio.gather(*(party.camera(slot=slot).take(photo(300, 200)) for slot in slots))
    party.provider.script.clear()
    assert len(await party.jobs("failed")) == len(slots)


async def ask(party: Party, path: str) -> Any:
    """Ask for reruns as an administrator does."""
    hashed = bcrypt.hashpw(ADMIN_PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await party.execute("UPDATE admin SET password_hash = $1 WHERE username = 'serg'", hashed)
    login = await post(party, "/api/login", {"username": "serg", "password": ADMIN_PASSWORD})
    token = json.loads(login.body)["token"]
    reply = await post(party, path, {}, Authorization=f"Bearer {token}")
    assert reply.code == 202, reply.body
    return json.loads(reply.body)


async def post(party: Party, path: str, body: Any, **headers: str) -> Any:
    given = {"Content-Type": "application/json", **headers}
    return await party.get(path, method="POST", body=json.dumps(body), headers=given)


async def reruns(party: Party, *states: str) -> list[Any]:
    rows = await party.fetch("SELECT * FROM rerun")
    return [row for row in rows if not states or row["state"] in states]


async def all_made(party: Party, count: int) -> None:
    """Wait until so many are done, and fail unless each guest finds one picture at his link."""

    async def settled() -> bool:
        return len(await reruns(party, "done", "failed")) == count

    await eventually(settled, seconds=90, every_seconds=0.2)
    assert {row["state"] for row in await reruns(party)} == {"done"}
    made = [job["rerun_of"] for job in await party.jobs("done") if job["source"] == "rerun"]
    assert len(made) == len(set(made)) == count
    for row in await reruns(party):
        assert (await party.get(f"/r/{row['job_id']}")).code == 200
        picture = await party.get(f"/public/results/{row['job_id']}")
        assert (picture.code, picture.headers["Content-Type"]) == (200, "image/jpeg")


@pytest.mark.timeout(seconds=180)
async def test_killed_with_reruns_queued_and_running(party: Party) -> None:
    event_id = await insert_event(party.execute)
    await party.set_slot(SLOTS[1], provider="gemini", operation="edit", params={"prompt": "smile"})
    await fail(party, [*SLOTS, *SLOTS, SLOTS[0]])
    party.provider.script.always("image", delay_seconds=1.5)
    asked = len(party.orders())
    assert (await ask(party, f"/api/events/{event_id}/rerun"))["rerun"]["queued"] == 5
    await party.asked(asked + 2)
    assert len(await reruns(party, "running")) == 2
    assert len(await reruns(party, "queued")) == 3
    party.kill()
    party.provider.script.clear()
    await windows_closed(party)
    await party.start()
    await all_made(party, 5)
    await party.nothing_left()
    codes = {job["failure_code"] for job in await party.jobs("failed") if job["rerun_of"]}
    assert codes == {"interrupted"}


@pytest.mark.timeout(seconds=180)
async def test_a_photo_that_a_kill_cut_off_is_kept_and_made_again(party: Party) -> None:
    await insert_event(party.execute)
    party.provider.script.then("hang")
    camera = party.begin(party.camera().take(photo(300, 200)))
    await party.asked(1)
    party.kill()
    assert (await camera).why_original == "connection lost"
    await windows_closed(party)
    await party.start()
    await eventually(lambda: party.jobs("failed"))
    (job,) = await party.jobs()
    kept = party.media_root / "originals" / str(job["job_id"]) / "photo.jpg"
    assert kept.stat().st_size == job["input_size_bytes"]
    await ask(party, f"/api/jobs/{job['job_id']}/rerun")
    await all_made(party, 1)
    await party.nothing_left()


@pytest.mark.timeout(seconds=180)
async def test_a_provider_s_outage_is_made_good(party: Party) -> None:
    """Guests went home with the untouched photo on paper, and a link."""
    await insert_event(party.execute, rerun="auto")
    await party.set_slot("slot-001", on_failure="original")
    party.provider.script.always("drop")
    shots = [await party.camera().take(photo(300, 200)) for _ in range(4)]
    assert all(is_untouched(shot) for shot in shots)
    failed = await party.jobs("failed")
    assert len(failed) == 4
    for job in failed:
        page = await party.get(f"/r/{job['job_id']}", headers={"Accept-Language": "ru"})
        assert page.code == 202
        assert "ещё делается" in page.body.decode()
    await asyncio.sleep(1)  # the worker has looked, and has rightly left them alone
    assert await reruns(party) == []
    party.provider.script.clear()
    (shot,) = await party.shoot()
    assert not is_untouched(shot)
    await all_made(party, 4)
    await party.nothing_left()


def is_untouched(shot: Shot) -> bool:
    assert shot.why_original is None, shot.why_original
    assert shot.answer is not None
    headers = {name.lower(): value for name, value in shot.answer.headers.items()}
    return headers.get("x-photobooth-fallback") == "original"


@pytest.mark.timeout(seconds=180)
async def test_fifteen_cameras_go_before_a_queue(party: Party) -> None:
    event_id = await insert_event(party.execute)
    await party.set_settings(slot_concurrency=1, sync_response_seconds=40)
    for slot in BOOTHS:
        await party.set_slot(slot, provider="gemini", operation="edit", params={"prompt": "smile"})
    await fail(party, BOOTHS)
    party.provider.script.always("image", delay_seconds=0.3)
    cameras = [party.begin(shoot_for_a_while(party, slot)) for slot in BOOTHS]
    await ask(party, f"/api/events/{event_id}/rerun")
    shots = [shot for camera in cameras for shot in await camera]
    assert {shot.why_original for shot in shots} == {None}
    await all_made(party, len(BOOTHS))
    # None was taken from the queue while a camera's photo of its slot was under way.
    beside = await party.fetch(
        """
        SELECT camera.job_id FROM rerun JOIN job_history AS camera USING (slot_id)
         WHERE camera.source = 'ingest'
           AND camera.started_at < rerun.claimed_at - interval '0.3 seconds'
           AND camera.finished_at > rerun.claimed_at + interval '0.1 seconds'
        """
    )
    assert beside == []
    at_once = await party.fetch(
        """
        SELECT max((SELECT count(*) FROM job_history AS other
                     WHERE other.source = 'rerun' AND other.started_at <= one.started_at
                       AND other.finished_at > one.started_at)) AS most
          FROM job_history AS one WHERE one.source = 'rerun'
        """
    )
    assert at_once[0]["most"] <= 2
    await party.nothing_left()


async def shoot_for_a_while(party: Party, slot: str) -> list[Shot]:
    camera = party.camera(slot=slot)
    return [await camera.take(photo(300, 200)) for _ in range(4)]
