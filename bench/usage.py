"""What a process has used, read from /proc: processor time, memory."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.02


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def family_cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of its children, those that ended too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(fields[index]) for index in (11, 12, 13, 14)) / TICKS
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(cpu_seconds(int(child)) for child in children)


def tree_cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of all that it has started, at any depth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(fields[index]) for index in (11, 12, 13, 14)) / TICKS
    children: list[str] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        children += (thread / "children").read_text().split()
    return own + sum(tree_cpu_seconds(int(child)) for child in children)


def busy_seconds() -> float:
    """Return the processor time that the machine has spent on anything, all cores together."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    # Idle and waiting for disks are not work; guests are counted in "user" already.
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


class OtherLoad:
    """How many cores were used by others than this process and what it started."""

    def __init__(self) -> None:
        self.cores = 0.0
        self.all_cores = os.cpu_count() or 1

    def __enter__(self) -> OtherLoad:
        self._begun = (time.monotonic(), busy_seconds(), tree_cpu_seconds(os.getpid()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        at, busy, own = self._begun
        others = busy_seconds() - busy - (tree_cpu_seconds(os.getpid()) - own)
        self.cores = max(0.0, others / (time.monotonic() - at))


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class MemoryPeak:
    """The most memory that a process held while the block ran."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.before_mb = resident_mb(pid)
        self.peak_mb = self.before_mb

    def __enter__(self) -> MemoryPeak:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak_mb = max(self.peak_mb, resident_mb(self._pid))
