"""PostgreSQL frozen, killed and started while photos come in: the daemon stays and recovers."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.rehearsal.camera import Shot
from tests.support.fakes import eventually
from tests.support.party import Party, photo
from tests.support.postgres_pair import kill, send_to_all

AWAY = "503 database_unavailable"


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, own_postgres: EmbeddedPostgres) -> Iterator[Party]:
    opened: Party = io_loop.run_sync(lambda: Party.open(tmp_path, own_postgres.url))
    yield opened
    io_loop.run_sync(opened.close)


async def keep_shooting(party: Party, number: int, shots: list[Shot], done: asyncio.Event) -> None:
    while not done.is_set():
        shots.append(await party.camera(number).take(photo(300, 200)))
        await asyncio.sleep(0.05)


@pytest.mark.timeout(seconds=180)
async def test_killed_and_started_again_under_load(
    party: Party, own_postgres: EmbeddedPostgres
) -> None:
    party.provider.script.always("image", delay_seconds=0.3)
    shots: list[Shot] = []
    done = asyncio.Event()
    cameras = [party.begin(keep_shooting(party, n, shots, done)) for n in range(1, 7)]
    await eventually(lambda: len(shots) >= 12)
    kill(own_postgres)
    await eventually(lambda: _outcomes(shots)[AWAY] >= 3)
    assert (await party.get("/livez")).code == 200
    await eventually(_answers(party, "/healthz", 503))  # its verdicts are up to two seconds old
    refusal = await party.get("/public/results/00000000-0000-4000-8000-000000000000")
    assert (refusal.code, "Retry-After" in refusal.headers) == (503, True)
    own_postgres.start()
    back = len(shots)
    await eventually(lambda: _outcomes(shots[back:])[None] >= 12, seconds=60)
    done.set()
    await asyncio.gather(*cameras)

    # Whoever had a job got a picture, however long the database was away; the others were told.
    assert set(_outcomes(shots)) == {None, AWAY}
    party.provider.script.clear()
    await party.nothing_left()
    assert {job["status"] for job in await party.jobs()} == {"done"}
    assert len(await party.jobs()) == _outcomes(shots)[None]
    assert party.daemon.process is not None
    assert party.daemon.process.poll() is None


@pytest.mark.timeout(seconds=120)
async def test_a_finished_picture_is_kept_until_the_database_is_back(
    party: Party, own_postgres: EmbeddedPostgres
) -> None:
    party.provider.script.then("image", delay_seconds=1)
    sending = party.begin(party.shoot())
    await party.asked(1)
    kill(own_postgres)
    await eventually(lambda: list((party.media_root / "results").iterdir()))
    await asyncio.sleep(1)
    assert not sending.done()
    own_postgres.start()
    (shot,) = await sending
    assert shot.why_original is None
    await party.nothing_left()


@pytest.mark.timeout(seconds=120)
async def test_a_finished_picture_that_comes_too_late_to_be_recorded_is_found_again(
    party: Party, own_postgres: EmbeddedPostgres
) -> None:
    await party.set_settings(sync_response_seconds=5)
    party.provider.script.then("image", delay_seconds=1)
    sending = party.begin(party.shoot())
    await party.asked(1)
    kill(own_postgres)
    (shot,) = await sending
    assert shot.why_original == AWAY
    assert shot.seconds < 5
    own_postgres.start()
    await eventually(_answers(party, "/readyz", 200), seconds=30)
    (pending,) = await party.jobs("pending")
    await asyncio.to_thread(party.daemon.stop)
    await party.start()
    await party.nothing_left()
    (job,) = await party.jobs("done")
    assert job["job_id"] == pending["job_id"]
    assert (await party.get(f"/public/results/{job['job_id']}")).code == 200


@pytest.mark.timeout(seconds=120)
async def test_a_database_that_stands_still_for_a_moment_costs_only_time(
    party: Party, own_postgres: EmbeddedPostgres
) -> None:
    party.provider.script.always("image", delay_seconds=0.2)
    await party.shoot()
    sending = party.begin(party.shoot(4))
    await asyncio.sleep(0.1)
    send_to_all(own_postgres, signal.SIGSTOP)
    await asyncio.sleep(2)
    send_to_all(own_postgres, signal.SIGCONT)
    assert [shot.why_original for shot in await sending] == [None] * 4
    await party.nothing_left()


@pytest.mark.timeout(seconds=120)
async def test_a_database_that_stands_still_is_not_waited_for_for_ever(
    party: Party, own_postgres: EmbeddedPostgres
) -> None:
    await party.set_settings(sync_response_seconds=8)
    send_to_all(own_postgres, signal.SIGSTOP)
    try:
        shots = await party.shoot(3)
    finally:
        send_to_all(own_postgres, signal.SIGCONT)
    assert {shot.why_original for shot in shots} == {AWAY}
    assert max(shot.seconds for shot in shots) < 8
    await eventually(_answers(party, "/readyz", 200), seconds=30)
    assert [shot.why_original for shot in await party.shoot(3)] == [None] * 3
    await party.nothing_left()


def test_a_daemon_that_is_told_to_stop_without_a_database_stops(
    io_loop: IOLoop, party: Party, own_postgres: EmbeddedPostgres
) -> None:
    kill(own_postgres)
    assert party.daemon.stop() == 0


def _outcomes(shots: list[Shot]) -> Counter[str | None]:
    return Counter(shot.why_original for shot in shots)


def _answers(party: Party, path: str, code: int) -> Callable[[], Awaitable[bool]]:
    async def answers() -> bool:
        return (await party.get(path)).code == code

    return answers
