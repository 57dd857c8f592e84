"""Several workers behind one port: started together, replaced when they die or freeze.

The supervisor holds the listening sockets and does no work of its own. To its
workers it is what systemd is to it: it hands over the sockets, hears that they
are ready and that their loops run (sd_notify), and passes signals on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from photobooth_daemon.child_process import start_tied
from photobooth_daemon.clock import Clock
from photobooth_daemon.process.notify import Notifier

DEFAULT_WATCHDOG_SECONDS = 30.0
START_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 10.0
LOOK_SECONDS = 1.0
_CREDENTIALS = struct.Struct("3i")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Worker:
    """One child process and what was heard of it."""

    number: int
    process: subprocess.Popen[bytes]
    started_at: float
    heard_at: float
    is_ready: bool = False


class Supervisor:
    """Keeps so many workers alive until it is told to stop.

    ``command`` starts a worker; it is given ``--worker`` and a ``--listen-fd``
    for each socket. A worker that ends with ``fatal_status`` ends them all:
    another try would end the same way. So does one that ends with
    ``restart_status``: the whole service is to be started again.
    """

    def __init__(
        self,
        command: Sequence[str],
        sockets: Sequence[socket.socket],
        *,
        processes: int,
        notifier: Notifier,
        fatal_status: int,
        restart_status: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._command = command
        self._sockets = sockets
        self._processes = processes
        self._notifier = notifier
        self._fatal_status = fatal_status
        self._restart_status = restart_status
        self._clock = clock or Clock()
        self._watchdog_seconds = notifier.watchdog_seconds or DEFAULT_WATCHDOG_SECONDS
        self._workers: dict[int, Worker] = {}
        self._pauses: dict[int, float] = {}
        self._stopping = False
        self._status = 0

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT and return the exit status; no worker is left then."""
        with tempfile.TemporaryDirectory(prefix="photobooth-", dir=_runtime_dir()) as directory:
            return asyncio.run(self._run(Path(directory)))

    async def _run(self, directory: Path) -> int:
        loop = asyncio.get_running_loop()
        self._metrics_dir = directory / "metrics"
        self._metrics_dir.mkdir()
        self._reports_path = directory / "notify"
        reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        with reports:
            reports.setblocking(False)
            reports.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            reports.bind(str(self._reports_path))
            loop.add_reader(reports, self._hear, reports)
            self._changed = asyncio.Event()
            loop.add_signal_handler(signal.SIGCHLD, self._changed.set)
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(name, self._stop)
            loop.add_signal_handler(signal.SIGHUP, self._forward, signal.SIGHUP)
            await self._keep_alive()
            loop.remove_reader(reports)
        return self._status

    async def _keep_alive(self) -> None:
        feeding = asyncio.create_task(self._notifier.feed_watchdog())
        starting = {asyncio.create_task(self._start(n, 0)) for n in range(self._processes)}
        try:
            while starting or self._workers:
                self._changed.clear()
                for worker in self._reap():
                    if not self._stopping:
                        pause = self._pause_before_next(worker)
                        starting.add(asyncio.create_task(self._start(worker.number, pause)))
                self._replace_frozen()
                starting = {task for task in starting if not task.done()}
                if self._stopping:
                    for task in starting:
                        task.cancel()
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._changed.wait()
                except TimeoutError:
                    continue
        finally:
            feeding.cancel()

    async def _start(self, number: int, pause_seconds: float) -> None:
        await asyncio.sleep(pause_seconds)
        while True:
            if self._stopping:
                return
            try:
                process = self._spawn(number)
                break
            except OSError as error:  # the machine is short of something; it may pass
                log.error("no worker can be started: %s", error.strerror)
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
        now = self._clock.monotonic()
        self._workers[process.pid] = Worker(number, process, started_at=now, heard_at=now)
        log.info("worker started", extra={"worker": number, "pid": process.pid})

    def _spawn(self, number: int) -> subprocess.Popen[bytes]:
        descriptors = [sock.fileno() for sock in self._sockets]
        handed = [argument for fd in descriptors for argument in ("--listen-fd", str(fd))]
        return start_tied(
            [*self._command, "--worker", str(number), *handed],
            pass_fds=descriptors,
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(self._reports_path),
                "WATCHDOG_USEC": str(int(self._watchdog_seconds * 1_000_000)),
                "PROMETHEUS_MULTIPROC_DIR": str(self._metrics_dir),
            },
        )

    def _hear(self, reports: socket.socket) -> None:
        """Take in one report; the kernel vouches for the sender's process id."""
        data, ancillary, _, _ = reports.recvmsg(4096, socket.CMSG_SPACE(_CREDENTIALS.size))
        for level, kind, value in ancillary:
            if (level, kind) != (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                continue
            worker = self._workers.get(_CREDENTIALS.unpack(value)[0])
            if worker is None:
                continue
            worker.heard_at = self._clock.monotonic()
            if b"READY=1" in data.split(b"\n"):
                worker.is_ready = True
                self._report_ready()

    def _report_ready(self) -> None:
        ready = sum(worker.is_ready for worker in self._workers.values())
        status = f"STATUS={ready} of {self._processes} processes serve"
        self._notifier.tell(*(["READY=1"] if ready == self._processes else []), status)

    def _reap(self) -> list[Worker]:
        """Return the workers that have ended, and forget them."""
        ended = [worker for worker in self._workers.values() if worker.process.poll() is not None]
        for worker in ended:
            status = worker.process.returncode
            del self._workers[worker.process.pid]
            _forget_gauges(self._metrics_dir, worker.process.pid)
            if self._stopping and status in (0, -signal.SIGTERM):
                continue
            if self._restart_status is not None and status == self._restart_status:
                log.info("restart asked for", extra={"worker": worker.number})
                self._status = self._status or status
                self._stop()
                continue
            log.error(
                "worker ended",
                extra={"worker": worker.number, "pid": worker.process.pid, "status": status},
            )
            if status == self._fatal_status:
                self._status = status
                self._stop()
            elif self._stopping:
                self._status = self._status or 1
        return ended

    def _pause_before_next(self, worker: Worker) -> float:
        """Return no pause after a healthy life, and longer ones after each short one."""
        if self._clock.monotonic() - worker.started_at >= HEALTHY_AFTER_SECONDS:
            self._pauses.pop(worker.number, None)
            return 0.0
        pause = self._pauses.get(worker.number, FIRST_PAUSE_SECONDS)
        self._pauses[worker.number] = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return pause

    def _replace_frozen(self) -> None:
        for worker in self._workers.values():
            silent_seconds = self._clock.monotonic() - worker.heard_at
            patience_seconds = self._watchdog_seconds if worker.is_ready else START_SECONDS
            if silent_seconds > patience_seconds and not self._stopping:
                log.error(
                    "worker is frozen",
                    extra={"worker": worker.number, "silent_seconds": round(silent_seconds, 1)},
                )
                worker.process.kill()

    def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            self._notifier.tell("STOPPING=1")
            for sock in self._sockets:
                sock.close()
        self._forward(signal.SIGTERM)
        self._changed.set()

    def _forward(self, signum: signal.Signals) -> None:
        for worker in self._workers.values():
            worker.process.send_signal(signum)


def _runtime_dir() -> str | None:
    """Return systemd's directory for this run (RuntimeDirectory=), if it made one."""
    return os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or None


def _forget_gauges(metrics_dir: Path, pid: int) -> None:
    """Remove what a dead process reported about the present; what it counted stays in the sums."""
    for path in metrics_dir.glob(f"gauge_live*_{pid}.db"):
        path.unlink(missing_ok=True)
