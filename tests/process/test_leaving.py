"""A stop that is told to a balancer first: new photos are served until it has looked."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemons import Daemon, until
from tests.support.sample_pictures import jpeg

NOTICE_SECONDS = 2


@pytest.fixture(params=[1, 2], ids=["one process", "two processes"])
def daemon(tmp_path: Path, database_url: str, request: pytest.FixtureRequest) -> Iterator[Daemon]:
    running = Daemon(
        tmp_path,
        database_url,
        f"[server]\ndrain_notice_seconds = {NOTICE_SECONDS}\nprocesses = {request.param}\n",
    )
    running.configure()
    running.start()
    until(lambda: len(running.events("listening")) == request.param)
    running.let_go_of_port()
    yield running
    running.close()


def test_photos_are_served_while_a_balancer_finds_out(daemon: Daemon) -> None:
    process = daemon.process
    assert process is not None
    told_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    until(lambda: json.loads(daemon.get("/readyz")[1]).get("code") == "shutting_down")
    assert daemon.send(jpeg())[0] == 200
    assert process.poll() is None
    assert process.wait(60) == 0
    assert time.monotonic() - told_at >= NOTICE_SECONDS
