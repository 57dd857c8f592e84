"""``kill -9`` of the daemon with photos in every state, then a restart: nothing is left half."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.fakes import eventually
from tests.support.party import Party, photo

WINDOW_SECONDS = 5


HOLD_ENDS = """
    CREATE FUNCTION hold_end() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(42);
        RETURN NEW;
    END $$;
    CREATE TRIGGER hold_end BEFORE UPDATE ON job_history
       FOR EACH ROW WHEN (NEW.status <> 'pending') EXECUTE FUNCTION hold_end()
"""
GIVE_UP_WHO_IS_HELD = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event = 'advisory'
"""


@asynccontextmanager
async def nothing_recorded(party: Party) -> AsyncIterator[None]:
    """Hold the daemon at the point where a result is stored and its row is not yet written.

    Nor is it written afterwards: PostgreSQL would end a statement whose client has been killed.
    """
    connection = await party.connect()
    try:
        await connection.execute(HOLD_ENDS)
        await connection.execute("SELECT pg_advisory_lock(42)")
        yield
        await connection.execute(GIVE_UP_WHO_IS_HELD)
        await connection.execute("DROP FUNCTION hold_end CASCADE")
    finally:
        await connection.close()


@pytest.mark.timeout(seconds=180)
async def test_photos_in_every_state(party: Party) -> None:
    await party.set_settings(slot_concurrency=1, sync_response_seconds=WINDOW_SECONDS)
    await party.set_slot("slot-002", provider="local", operation="look", params={})
    (done,) = await party.shoot()
    assert done.why_original is None

    party.provider.script.then("hang")
    processing = party.begin(party.camera(1).take(photo()))
    await party.asked(2)
    waiting = party.begin(party.camera(2).take(photo()))
    uploading = party.begin(party.camera(3, upload_bytes_per_second=50_000).take(photo()))
    await eventually(lambda: _pending(party, 2))
    await eventually(lambda: list((party.media_root / "scratch").iterdir()))
    async with nothing_recorded(party):
        storing = party.begin(party.camera(4, slot="slot-002").take(photo()))
        await eventually(lambda: len(list((party.media_root / "results").iterdir())) == 2)
        party.kill()
        for task in (processing, waiting, uploading, storing):
            assert (await task).why_original == "connection lost"
    assert len(await party.jobs("pending")) == 3

    party.provider.script.clear()
    await windows_closed(party)
    await party.start()
    await party.nothing_left()
    fates = {
        (job["slot_id"], job["status"], job["failure_code"]): job for job in await party.jobs()
    }
    assert fates.keys() == {
        ("slot-001", "done", None),
        ("slot-001", "failed", "interrupted"),
        ("slot-002", "done", None),
    }
    assert len(await party.jobs()) == 4
    # What was finished and not recorded is in the gallery now.
    recovered = fates["slot-002", "done", None]
    for job in (recovered, fates["slot-001", "done", None]):
        result = await party.get(f"/public/results/{job['job_id']}")
        assert (result.code, len(result.body)) == (200, job["result_size_bytes"])
    interrupted = fates["slot-001", "failed", "interrupted"]
    assert (await party.get(f"/public/results/{interrupted['job_id']}")).code == 404
    assert [shot.why_original for shot in await party.shoot(2)] == [None, None]


@pytest.mark.timeout(seconds=180)
async def test_killed_again_and_again_under_load(party: Party) -> None:
    await party.set_settings(sync_response_seconds=WINDOW_SECONDS)
    party.provider.script.always("image", delay_seconds=0.2)
    for _ in range(3):
        sending = party.begin(party.shoot(8))
        await eventually(lambda: _pending(party, 2))
        party.kill()
        # A camera that connected and was not taken in yet waits at the port for the next process.
        await party.start()
        await sending
    (shot,) = await party.shoot()
    assert shot.why_original is None
    await asyncio.to_thread(party.daemon.stop)
    await windows_closed(party)
    await party.start()
    await party.nothing_left()
    assert {job["failure_code"] for job in await party.jobs("failed")} <= {"interrupted"}
    for job in await party.jobs("done"):
        assert (await party.get(f"/public/results/{job['job_id']}")).code == 200


async def windows_closed(party: Party) -> None:
    """Wait until no photo could still be answered: only then is its job abandoned."""

    async def closed() -> bool:
        open_windows = "SELECT 1 FROM job_history WHERE status = 'pending' AND deadline_at > now()"
        return not await party.fetch(open_windows)

    await eventually(closed, seconds=30)


async def _pending(party: Party, count: int) -> bool:
    return len(await party.jobs("pending")) >= count
