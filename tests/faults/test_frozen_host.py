"""One of two hosts stands still: the other goes on, and nothing is done twice.

As in the field it stands still for a minute; in a hurry everything takes an eighth of that, but
for photos, which take as long as they do.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.support.alarmed import Alarmed
from tests.support.daemons import Daemon
from tests.support.fakes import eventually
from tests.support.hosts import control, shoot_at, start
from tests.support.hurry import ALERTS, DUTY, PRESENCE, RECOVERY, SILENCE, divided
from tests.support.party import PASSWORD, photo

GIVE_UP_SECONDS = 180.0
"""A photo whose host stands still keeps its key until its job is ended: at most 95 s later."""
KEYS = ("first", "second", "third")
CLEANUP_FAILED = ("PhotoboothCleanupFailed", "")
ADD_RUN = (
    "INSERT INTO cleanup_run (started_at, finished_at, succeeded) VALUES (now(), now(), false)"
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long everything takes: a job's window and the grace after it pass while one stands."""

    divided_by: int
    window_seconds: int
    provider_seconds: float
    frozen_seconds: float
    quiet_seconds: float
    """How long to listen for what would be told a second time."""


HURRIED = Pace(8, 10, 1.5, 16.0, 6.0)
IN_THE_FIELD = Pace(1, 20, 3.0, 60.0, 45.0)


@pytest.fixture(
    params=[HURRIED, pytest.param(IN_THE_FIELD, marks=pytest.mark.minutes)],
    ids=["in a hurry", "as in the field"],
)
def pace(request: pytest.FixtureRequest) -> Pace:
    found: Pace = request.param
    return found


@pytest.fixture
def hosts(io_loop: IOLoop, tmp_path: Path, database_url: str, pace: Pace) -> Iterator[Alarmed]:
    swift = divided((*PRESENCE, *ALERTS, *DUTY, *RECOVERY, *SILENCE), pace.divided_by)
    opened: Alarmed = io_loop.run_sync(lambda: Alarmed.open(tmp_path, database_url, swift))
    yield opened
    io_loop.run_sync(opened.close)


def send(host: Daemon, data: bytes, key: str) -> tuple[int, dict[str, str]]:
    """Send a photo under its key, for as long as its camera waits."""
    headers = {"Idempotency-Key": key}
    status, body = host.send(data, password=PASSWORD, headers=headers, query="?response=json")
    return status, json.loads(body)


async def send_until_served(host: Daemon, data: bytes, key: str) -> str:
    """Repeat a photo until its picture comes; return the job that made it."""
    until = time.monotonic() + GIVE_UP_SECONDS
    while True:
        status, answer = await asyncio.to_thread(send, host, data, key)
        if status == 200:
            return answer["job_id"]
        assert time.monotonic() < until, answer
        await asyncio.sleep(2)


@pytest.mark.timeout(seconds=500)
async def test_a_host_that_stands_still_does_nothing_twice(hosts: Alarmed, pace: Pace) -> None:
    party, one, two = hosts.party, hosts.party.daemon, hosts.two
    await party.set_settings(sync_response_seconds=pace.window_seconds)
    # One was there first: alerts are its duty.
    await eventually(lambda: party.fetch("SELECT holder FROM alert_watch"))
    (first,) = await party.fetch("SELECT holder FROM alert_watch")
    await start(party, two)
    party.provider.script.always("image", delay_seconds=pace.provider_seconds)
    photos = {key: photo(300, 200).data for key in KEYS}
    kept = [party.begin(asyncio.to_thread(send, one, data, key)) for key, data in photos.items()]
    plain = party.begin(shoot_at(one, 4))
    slow = party.begin(party.camera(5, upload_bytes_per_second=100_000).take(photo()))
    await party.asked(4)
    assert one.process is not None
    one.process.send_signal(signal.SIGSTOP)
    frozen_at = time.monotonic()

    repeated = [party.begin(send_until_served(two, data, key)) for key, data in photos.items()]
    assert (await shoot_at(two, 6)).why_original is None
    await asyncio.to_thread(control, two, "cleanup")
    await party.execute(ADD_RUN)
    await asyncio.sleep(pace.frozen_seconds - (time.monotonic() - frozen_at))
    (second,) = await party.fetch("SELECT holder FROM alert_watch")
    assert second["holder"] != first["holder"], "its duty is taken over"
    one.process.send_signal(signal.SIGCONT)

    # What comes of its own photos is told to whoever still waits, and is true.
    answers = await asyncio.gather(*kept)
    made = dict(zip(KEYS, await asyncio.gather(*repeated), strict=True))
    for key, (status, answer) in zip(KEYS, answers, strict=True):
        assert status in (200, 503, 504), answer
        assert status != 200 or answer["job_id"] == made[key]
    await asyncio.gather(plain, slow)
    assert (await shoot_at(one, 7)).why_original is None

    # The failed cleanup was told by one of them, although both have had the duty.
    await eventually(lambda: hosts.fired()[CLEANUP_FAILED], seconds=90)
    await asyncio.sleep(pace.quiet_seconds)
    assert hosts.fired()[CLEANUP_FAILED] == 1
    await party.nothing_left()
    jobs = await party.jobs()
    done = Counter(job["input_sha256"] for job in jobs if job["status"] == "done")
    for key, data in photos.items():
        sha = hashlib.sha256(data).hexdigest()
        assert done[sha] == 1
        assert made[key] in {str(job["job_id"]) for job in jobs if job["input_sha256"] == sha}
    assert max(done.values()) == 1
    assert len(party.orders()) <= len(jobs)
    for job in jobs:
        if job["status"] == "done":
            status, body = await asyncio.to_thread(two.get, f"/public/results/{job['job_id']}")
            assert status == 200
            assert hashlib.sha256(body).hexdigest() == job["result_sha256"]
