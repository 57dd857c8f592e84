"""Child processes that never outlive the process that started them, not even its ``kill -9``."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class RunAs:
    """The user that a child runs as."""

    name: str
    uid: int
    gid: int


def start_tied(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    run_as: RunAs | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child that gets ``death_signal`` the moment this process is gone.

    The kernel ties a child to the *thread* that started it, so only the main
    thread may. The child has a session of its own: a Ctrl-C at the terminal
    reaches the parent alone, which ends its children in its own order.

    Raises:
        RuntimeError: called outside the main thread.
        OSError: the command cannot be run.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a tied child must be started by the main thread")
    # Popen changes the user before it calls preexec_fn, and must: the kernel
    # forgets the death signal when a process changes its user.
    return subprocess.Popen(  # noqa: S603 - the callers' own binaries
        [os.fspath(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=env,
        cwd=cwd,
        pass_fds=pass_fds,
        start_new_session=True,
        preexec_fn=_die_with(os.getpid(), death_signal),
        user=run_as.uid if run_as else None,
        group=run_as.gid if run_as else None,
        extra_groups=[] if run_as else None,
    )


def _die_with(parent_pid: int, death_signal: signal.Signals) -> Callable[[], None]:
    def ask_the_kernel() -> None:
        if _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent_pid:  # it died before the kernel was asked
            os._exit(1)

    return ask_the_kernel


def stop(
    process: subprocess.Popen[bytes],
    *signals: tuple[signal.Signals, float],
) -> int:
    """End a child and reap it: each signal gets its seconds, then comes SIGKILL.

    Returns its exit status; a child that has already ended is only reaped.
    """
    for signum, patience_seconds in signals:
        if process.poll() is not None:
            break
        process.send_signal(signum)
        try:
            return process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
    return process.wait()
