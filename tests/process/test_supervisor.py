"""The supervisor with real processes: workers that answer their number and obey signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

WORKER = """
import asyncio, os, socket, signal, sys
from photobooth_daemon.process.listening import adopt
from photobooth_daemon.process.notify import Notifier

number = sys.argv[sys.argv.index("--worker") + 1]
descriptors = [int(fd) for name, fd in zip(sys.argv, sys.argv[1:]) if name == "--listen-fd"]

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    if os.path.exists(sys.argv[1] + "/fatal"):
        sys.exit(78)
    async def answer(reader, writer):
        writer.write(f"{number} {os.getpid()}".encode())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(answer, sock=adopt(descriptors)[0])
    notifier = Notifier.take_from(os.environ)
    notifier.tell("READY=1")
    feeding = asyncio.create_task(notifier.feed_watchdog())
    await stop.wait()
    server.close()

asyncio.run(main())
"""

SUPERVISOR = """
import os, socket, sys
from photobooth_daemon.process.notify import Notifier
from photobooth_daemon.process.supervisor import Supervisor

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
supervisor = Supervisor(
    [sys.executable, sys.argv[1] + "/worker.py", sys.argv[1]],
    [listener],
    processes=2,
    notifier=Notifier.take_from(os.environ),
    fatal_status=78,
)
sys.exit(supervisor.run())
"""


class Supervised:
    """A supervisor with two workers, as systemd would have started it."""

    def __init__(self, directory: Path) -> None:
        (directory / "worker.py").write_text(WORKER, "utf-8")
        (directory / "supervisor.py").write_text(SUPERVISOR, "utf-8")
        self.reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.reports.bind(str(directory / "systemd"))
        self.reports.settimeout(30)
        self.process = subprocess.Popen(
            [sys.executable, directory / "supervisor.py", directory],
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(directory / "systemd"),
                "WATCHDOG_USEC": "3000000",
                "TMPDIR": str(directory),
            },
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def wait_for_report(self, line: str) -> None:
        until(lambda: line in self.reports.recv(4096).decode().split("\n"))

    def ask(self) -> tuple[str, int]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            number, pid = connection.recv(100).decode().split()
        return number, int(pid)

    def pids(self) -> dict[str, int]:
        """Return the worker that answers under each number, once both have."""
        seen: dict[str, int] = {}

        def both_answered() -> bool:
            number, pid = self.ask()
            seen[number] = pid
            return len(seen) == 2

        until(both_answered)
        return seen


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    running = Supervised(tmp_path)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()
        running.reports.close()


def until(condition: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not happened in time"
        time.sleep(0.02)


def test_workers_share_the_port_and_systemd_hears_when_all_serve(supervised: Supervised) -> None:
    supervised.wait_for_report("READY=1")
    supervised.wait_for_report("WATCHDOG=1")
    assert set(supervised.pids()) == {"0", "1"}


def test_a_worker_that_dies_is_replaced_and_the_other_goes_on(supervised: Supervised) -> None:
    supervised.wait_for_report("READY=1")
    before = supervised.pids()
    os.kill(before["0"], signal.SIGKILL)
    until(lambda: supervised.pids()["0"] != before["0"])
    assert supervised.pids()["1"] == before["1"]


def test_a_frozen_worker_is_replaced(supervised: Supervised) -> None:
    supervised.wait_for_report("READY=1")
    before = supervised.pids()
    os.kill(before["1"], signal.SIGSTOP)
    until(lambda: not alive(before["1"]))
    assert supervised.pids()["1"] != before["1"]


def test_a_stop_reaches_every_worker(supervised: Supervised) -> None:
    supervised.wait_for_report("READY=1")
    workers = supervised.pids()
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.process.wait(30) == 0
    supervised.wait_for_report("STOPPING=1")
    assert not any(alive(pid) for pid in workers.values())


def test_workers_do_not_outlive_a_killed_supervisor(supervised: Supervised) -> None:
    supervised.wait_for_report("READY=1")
    workers = supervised.pids()
    supervised.process.kill()
    supervised.process.wait(30)
    until(lambda: not any(alive(pid) for pid in workers.values()))


def test_what_no_restart_mends_ends_them_all(tmp_path: Path) -> None:
    (tmp_path / "fatal").touch()
    running = Supervised(tmp_path)
    assert running.process.wait(30) == 78
    running.process.communicate()
    running.reports.close()


def alive(pid: int) -> bool:
    """Return whether the process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
