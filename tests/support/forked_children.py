"""The children of a process that has imported everything are forks of it, too.

A worker or a quick start's daemon spends more than a second of the processor on its imports. What
is not ``python -m photobooth_daemon…`` is started as ever.
"""

from __future__ import annotations

import importlib
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from prometheus_client import values

from photobooth_daemon import child_process

STARTERS = (
    "photobooth_daemon.process.supervisor",
    "photobooth_daemon.rehearsal.quickstart",
    "photobooth_daemon.rehearsal.quickstart_intake",
)
OURS = [sys.executable, "-m"]
HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
MOST_FILES = 4096


class Forked(ABC):
    """A process that is signalled as ``subprocess.Popen`` signals those that it started."""

    pid: int

    @abstractmethod
    def poll(self) -> int | None:
        """Return its exit status, or None while it runs."""

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Child(Forked):
    """A fork: what ``subprocess.Popen`` says of one that it started."""

    def __init__(self, args: Sequence[str], pid: int) -> None:
        self.args = args
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        give_up_at = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if give_up_at is not None and time.monotonic() > give_up_at:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            time.sleep(0.01)
        return status


def fork_children() -> None:
    """Let this process, and those that it forks, fork what they start of this package."""
    for name in STARTERS:
        importlib.import_module(name).start_tied = _start_tied  # type: ignore[attr-defined]


def _start_tied(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
) -> Any:
    words = [os.fspath(word) for word in command]
    if words[:2] != OURS:
        return child_process.start_tied(
            words,
            death_signal=death_signal,
            env=env,
            pass_fds=pass_fds,
            stdout=stdout,
            stderr=stderr,
        )
    parent_pid = os.getpid()
    pid = os.fork()
    if pid:
        return Child(words, pid)
    status = 1
    try:
        os.setsid()
        child_process._die_with(parent_pid, death_signal)()
        _forget_the_parent(pass_fds, stdout, stderr)
        if env is not None:
            os.environ.clear()
            os.environ.update(env)
        # Whether figures are shared is decided by the environment, when it is imported.
        values.ValueClass = values.get_value_class()
        status = _run(words[2], words[3:])
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _forget_the_parent(
    pass_fds: Sequence[int], stdout: int | IO[Any] | None, stderr: int | IO[Any] | None
) -> None:
    """Have the files and the handlers of signals that a new program would have."""
    signal.set_wakeup_fd(-1)
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, stdout, stderr)):
        if file is not None:
            os.dup2(file if isinstance(file, int) else file.fileno(), number)
    begin = 3
    for kept in sorted(pass_fds):
        os.closerange(begin, kept)
        begin = kept + 1
    os.closerange(begin, MOST_FILES)


def _run(module: str, arguments: Sequence[str]) -> int:
    sys.argv[1:] = arguments
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    return 0
