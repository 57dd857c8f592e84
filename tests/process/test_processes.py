"""Several processes on one machine: one port, one set of limits, one set of figures."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.daemons import PASSWORD, Daemon, until
from tests.support.fakes import eventually
from tests.support.party import BETWEEN_PHOTOS_SECONDS
from tests.support.quick_painter import QuickPainter
from tests.support.sample_pictures import jpeg

pytestmark = pytest.mark.usefixtures("io_loop")

PROCESSES = 2
NEXT_PASSWORD = "another horse"
REMOTE_EDIT = (
    "UPDATE slot SET provider = 'gemini', operation = 'edit', params = '{\"prompt\": \"x\"}'"
    " WHERE slot_id = 'slot-001'",
)


@pytest.fixture
def daemon(tmp_path: Path, database_url: str) -> Iterator[Daemon]:
    running = Daemon(tmp_path, database_url, f"[server]\nprocesses = {PROCESSES}\n")
    running.configure()
    yield running
    running.close()


def start(daemon: Daemon) -> None:
    daemon.start()
    until(lambda: len(daemon.events("listening")) == PROCESSES)


def worker_pids(daemon: Daemon) -> dict[int, int]:
    """Return the newest process of each worker."""
    return {event["worker"]: event["pid"] for event in daemon.events("worker started")}


def ingest_total(daemon: Daemon) -> Counter[str]:
    """Return the photos counted, by outcome."""
    _, body = daemon.get("/metrics")
    counted: Counter[str] = Counter()
    for outcome, value in re.findall(
        r'(?m)^photobooth_ingest_total\{[^}]*outcome="(\w+)"[^}]*\} ([\d.e+]+)$', body.decode()
    ):
        counted[outcome] += int(float(value))
    return counted


def remote_at(url: str) -> dict[str, str]:
    return {
        "PHOTOBOOTH_PROVIDERS__GEMINI__BASE_URL": url,
        "PHOTOBOOTH_PROVIDERS__GEMINI__API_KEY": "AIza-test-key-0123456789",
        "PHOTOBOOTH_PROVIDERS__GEMINI__LOCAL": "true",
    }


async def at_once(daemon: Daemon, photos: int) -> list[int]:
    tasks = [asyncio.to_thread(daemon.send, jpeg()) for _ in range(photos)]
    return [status for status, _ in await asyncio.gather(*tasks)]


async def test_limits_are_shared_out_and_a_stop_lets_every_process_finish(daemon: Daemon) -> None:
    provider = FakeProvider(painter=QuickPainter(), delay_seconds=0.5)
    url = provider.start()
    try:
        await asyncio.to_thread(daemon.configure, *REMOTE_EDIT, limit_of_slots(2))
        process = daemon.start(remote_at(url))
        await asyncio.to_thread(until, lambda: len(daemon.events("listening")) == PROCESSES)
        assert await at_once(daemon, 8) == [200] * 8
        assert 1 <= provider.log.peak_in_flight <= PROCESSES

        provider.script.always("image", delay_seconds=2.0)
        await asyncio.to_thread(daemon.configure, *REMOTE_EDIT, limit_of_slots(16))
        photos = asyncio.create_task(at_once(daemon, 4))
        await eventually(lambda: provider.log.in_flight == 4)
        process.send_signal(signal.SIGTERM)
        assert await photos == [200] * 4
        assert await asyncio.to_thread(process.wait, 80) == 0
    finally:
        await provider.stop()


def limit_of_slots(photos: int) -> str:
    return f"UPDATE setting SET stored = '{{\"slot_concurrency\": {photos}}}'"


async def test_figures_are_added_up_and_outlive_a_worker(daemon: Daemon) -> None:
    await asyncio.to_thread(start, daemon)
    assert await at_once(daemon, 12) == [200] * 12
    assert {await asyncio.to_thread(lambda: ingest_total(daemon)["done"]) for _ in range(8)} == {12}
    served = {event["pid"] for event in daemon.events("photo done") if "pid" in event}
    assert served <= set(worker_pids(daemon).values())

    first = worker_pids(daemon)[0]
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(until, lambda: worker_pids(daemon)[0] != first)
    await asyncio.to_thread(until, lambda: len(daemon.events("listening")) == PROCESSES + 1)
    assert await at_once(daemon, 4) == [200] * 4
    # For a second a process shows the exposition that it made last.
    await asyncio.to_thread(
        until, lambda: {ingest_total(daemon)["done"] for _ in range(8)} == {12 + 4}
    )


def test_a_change_is_in_force_and_a_guesser_stopped_whichever_process_answers(
    daemon: Daemon,
) -> None:
    start(daemon)
    assert [daemon.send(jpeg())[0] for _ in range(6)] == [200] * 6
    daemon.configure("UPDATE slot SET enabled = false WHERE slot_id = 'slot-001'")
    assert [daemon.send(jpeg())[0] for _ in range(6)] == [404] * 6
    daemon.configure()
    daemon.set_password(NEXT_PASSWORD)
    assert [daemon.send(jpeg(), password=NEXT_PASSWORD)[0] for _ in range(6)] == [200] * 6
    assert {daemon.send(jpeg(), password=PASSWORD)[0] for _ in range(2)} == {401}

    with ThreadPoolExecutor() as cameras:
        answers = cameras.map(lambda _: daemon.send(jpeg(), password=NEXT_PASSWORD), range(12))
        assert [status for status, _ in answers] == [200] * 12
    daemon._execute(
        "DELETE FROM attempt_counter",
        "INSERT INTO attempt_counter (scope, key, attempts, window_ends_at)"
        " VALUES ('ingest_password', '127.0.0.1', 9, now() + interval '10 minutes')",
        "UPDATE setting SET stored = '{\"sync_response_seconds\": 10}'",
    )
    with ThreadPoolExecutor() as senders:
        answers = senders.map(lambda n: daemon.send(jpeg(), password=f"guess {n}"), range(6))
        codes = sorted(json.loads(body)["code"] for _, body in answers)
    # One turn in a window of ten seconds, whichever process has it; nobody else finds anything out.
    assert codes == ["invalid_password"] + ["rate_limited"] * 5
    assert [daemon.send(jpeg(), password=NEXT_PASSWORD)[0] for _ in range(4)] == [200] * 4


def more_than(answers: list[int], number: int) -> bool:
    return len(answers) > number


async def test_restarts_refuse_no_camera(daemon: Daemon) -> None:
    """The port outlives each process, as with systemd's socket: cameras wait in its queue."""
    await asyncio.to_thread(start, daemon)
    statuses: list[int] = []
    stopped = asyncio.Event()

    async def camera() -> None:
        while not stopped.is_set():
            statuses.append((await asyncio.to_thread(daemon.send, jpeg()))[0])
            await asyncio.sleep(BETWEEN_PHOTOS_SECONDS)

    cameras = [asyncio.create_task(camera()) for _ in range(3)]
    for _ in range(2):
        answered = len(statuses)
        await eventually(partial(more_than, statuses, answered + 5), seconds=60)
        assert await asyncio.to_thread(daemon.stop) == 0
        daemon.start()
    stopped.set()
    await asyncio.gather(*cameras)
    assert set(statuses) == {200}
