"""Starts this package's programs as forks of a process that has imported them all.

A program that a test starts spends more than a second of the processor on its imports. What
is started here is a process of its own all the same, with its own arguments, environment and
open files, which runs its module as ``python -m`` does and can be killed; only
``/proc/…/cmdline`` tells. A test of how a program starts starts it with ``subprocess``.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import photobooth_daemon
from tests.support.forked_children import Forked, fork_children
from tests.support.places import Place

DAEMON = "photobooth_daemon.process.main"
INTAKE = "photobooth_daemon.process.intake"
CONTROL = "photobooth_daemon.cli"

HERE = Path(__file__).parents[2]
ABOVE_ALL_FILES = 512
"""Descriptors wait up here while those below are put in their places."""


class Started(Forked):
    """A process that was started so: what ``subprocess.Popen`` says of one that it started."""

    def __init__(self, arguments: Sequence[str], status: socket.socket) -> None:
        self.args = arguments
        self.pid = int(status.recv(16))
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return status

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], seconds)[0]:
            # Looked at and left there: another thread may wait for the same.
            self.returncode = int(self._status.recv(16, socket.MSG_PEEK))
        return self.returncode


def start(
    module: str,
    *arguments: Any,
    files: Mapping[int, int],
    environment: Mapping[str, str] | None = None,
    place: Place | None = None,
    constants: Mapping[str, float] | None = None,
) -> Started:
    """Start ``python -m module`` with these arguments; ``files`` are its open files by number.

    ``constants`` have other values in it, by their modules' names and their own: what takes
    half a minute in the field need not in a test.
    """
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    texts = [module, *map(str, arguments)]
    order = {
        "arguments": texts,
        "environment": dict(os.environ if environment is None else environment),
        "directory": str(Path.cwd()),
        "files": list(files),
        "place": asdict(place or Place()),
        "constants": dict(constants or {}),
    }
    with its:
        handed = [its.fileno(), *files.values()]
        socket.send_fds(_forking_process(), [json.dumps(order).encode()], handed)
    return Started(texts, ours)


def run(
    module: str,
    *arguments: Any,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    place: Place | None = None,
    seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end and return its status and what it printed."""
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as complained,
    ):
        given.write(stdin.encode())
        given.seek(0)
        files = {0: given.fileno(), 1: said.fileno(), 2: complained.fileno()}
        process = start(module, *arguments, files=files, environment=environment, place=place)
        try:
            status = process.wait(seconds)
        finally:
            process.kill()
        texts = []
        for file in (said, complained):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(process.args, status, *texts)


@cache
def _forking_process() -> socket.socket:
    """Start the process that forks, which ends with this one; return the way to it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", __name__, str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=HERE,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


@dataclass
class _Order:
    arguments: list[str]
    environment: dict[str, str]
    directory: str
    files: list[int]
    place: dict[str, list[Any]]
    constants: dict[str, float]


def _take_orders(control: socket.socket) -> tuple[_Order, list[int]] | None:
    """Fork for each order. In the forked process return it; in this one return None at the end."""
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    asking: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_who_ended(asking)
        if control not in ready:
            continue
        text, files, _, _ = socket.recv_fds(control, 1 << 20, 16)
        if not text:
            return None
        asker = socket.socket(fileno=files.pop(0))
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(woken)
            os.close(wake)
            for open_socket in (control, asker, *asking.values()):
                open_socket.close()
            return _Order(**json.loads(text)), files
        for file in files:
            os.close(file)
        asker.send(b"%d" % pid)
        asking[pid] = asker


def _tell_who_ended(asking: dict[int, socket.socket]) -> None:
    while asking:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with asking.pop(pid) as asker, suppress(BrokenPipeError, ConnectionResetError):
            asker.send(b"%d" % os.waitstatus_to_exitcode(status))


def _become(order: _Order, files: list[int]) -> None:
    """Run the module in this process, in the world that the order describes."""
    high = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, ABOVE_ALL_FILES) for file in files]
    for file in files:
        os.close(file)
    for file, number in zip(high, order.files, strict=True):
        os.dup2(file, number)
        os.close(file)
    Place(**{name: tuple(parts) for name, parts in order.place.items()}).enter()
    for name, seconds in order.constants.items():
        _set_seconds(name, seconds)
    fork_children()
    os.environ.clear()
    os.environ.update(order.environment)
    time.tzset()
    os.chdir(order.directory)
    sys.path[0] = order.directory
    module, *sys.argv[1:] = order.arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def seconds_of(name: str) -> float:
    """Return a constant that is a time, by its module's name and its own.

    Raises:
        TypeError: it is something else.
    """
    module, constant = _split(name)
    value = getattr(module, constant)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if not isinstance(value, float):
        raise TypeError(name)
    return value


def _set_seconds(name: str, seconds: float) -> None:
    module, constant = _split(name)
    seconds_of(name)
    is_float = isinstance(getattr(module, constant), float)
    setattr(module, constant, seconds if is_float else timedelta(seconds=seconds))


def _split(name: str) -> tuple[ModuleType, str]:
    module, _, constant = name.rpartition(".")
    return importlib.import_module(module), constant


def _import_everything() -> None:
    # What a command imports only when it is run, as well.
    for found in pkgutil.walk_packages(photobooth_daemon.__path__, "photobooth_daemon."):
        # What is run itself is not there before it: Python would warn of it in each log.
        if not found.name.endswith(".__main__") and found.name not in (DAEMON, INTAKE):
            importlib.import_module(found.name)
    # The forks share these pages for as long as nobody writes into them.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _import_everything()
    ordered = _take_orders(socket.socket(fileno=int(sys.argv[1])))
    if ordered is not None:
        _become(*ordered)
