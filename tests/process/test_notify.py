"""What the service manager hears, and what is left in the environment for children."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from photobooth_daemon.process.notify import Notifier


@pytest.mark.parametrize("abstract", [False, True])
def test_states_arrive(tmp_path: Path, abstract: bool) -> None:
    name = f"@photobooth-test-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(10)
        Notifier(name).tell("READY=1", "STATUS=serving")
        assert manager.recv(4096) == b"READY=1\nSTATUS=serving"


def test_the_loop_reports_three_times_within_the_watchdogs_patience(tmp_path: Path) -> None:
    async def run() -> int:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(tmp_path / "notify"))
            manager.setblocking(False)
            notifier = Notifier(str(tmp_path / "notify"), watchdog_seconds=0.3)
            feeding = asyncio.create_task(notifier.feed_watchdog())
            loop = asyncio.get_running_loop()
            for _ in range(3):
                assert await asyncio.wait_for(loop.sock_recv(manager, 100), 10) == b"WATCHDOG=1"
            feeding.cancel()
            return 3

    assert asyncio.run(run()) == 3


def test_children_do_not_inherit_the_address() -> None:
    environment = {
        "NOTIFY_SOCKET": "/x",
        "WATCHDOG_USEC": "30000000",
        "WATCHDOG_PID": "1",
        "A": "b",
    }
    notifier = Notifier.take_from(environment)
    assert environment == {"A": "b"}
    assert notifier.watchdog_seconds == 30


def test_nobody_is_told_where_nobody_asked() -> None:
    notifier = Notifier.take_from({})
    notifier.tell("READY=1")
    asyncio.run(asyncio.wait_for(notifier.feed_watchdog(), 10))


def test_a_manager_that_is_gone_is_no_reason_to_stop(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "nobody")).tell("READY=1")
