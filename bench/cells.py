"""One measurement: so many photos of one size, so many at once, and what that took."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.rig import SLOT, Daemon, shoot
from bench.usage import MemoryPeak, cpu_seconds, family_cpu_seconds, resident_mb

SETTLE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured in one cell; times are added over the provider's own delay."""

    size: str
    at_once: int
    photos: int
    served: int
    photos_per_second: float
    p50_added_ms: float
    p95_added_ms: float
    last_answer_seconds: float
    cpu_ms: float
    postgres_cpu_ms: float
    memory_growth_mb: float
    memory_kept_mb: float
    longest_stall_ms: float
    statuses: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    daemon: Daemon,
    photo: Path,
    size: str,
    *,
    photos: int,
    at_once: int,
    delay_seconds: float = 0,
    slots: Sequence[str] = (SLOT,),
) -> Figures:
    """Send the photos, to each slot in turn, and return the figures."""
    paths = [f"/api/ingest/{slot}" for slot in slots]
    shoot(daemon.port, photo, photos=min(photos, 4), at_once=min(at_once, 2), paths=paths)
    daemon.longest_stall_ms()
    before_mb = resident_mb(daemon.pid)
    cpu, postgres = cpu_seconds(daemon.pid), family_cpu_seconds(daemon.postgres_pid)
    with MemoryPeak(daemon.pid) as memory:
        outcome = shoot(daemon.port, photo, photos=photos, at_once=at_once, paths=paths)
    cpu = cpu_seconds(daemon.pid) - cpu
    postgres = family_cpu_seconds(daemon.postgres_pid) - postgres
    stall = daemon.longest_stall_ms()
    time.sleep(SETTLE_SECONDS)
    shots = outcome["outcomes"]
    served = [shot["seconds"] for shot in shots if shot["status"] == 200]
    statuses: dict[str, int] = {}
    for shot in shots:
        statuses[str(shot["status"])] = statuses.get(str(shot["status"]), 0) + 1
    added = [1000 * (seconds - delay_seconds) for seconds in served] or [0.0]
    return Figures(
        size=size,
        at_once=at_once,
        photos=photos,
        served=len(served),
        photos_per_second=len(served) / outcome["wall_seconds"],
        p50_added_ms=statistics.median(added),
        p95_added_ms=_share(added, 0.95),
        last_answer_seconds=max(shot["seconds"] for shot in shots),
        cpu_ms=1000 * cpu / photos,
        postgres_cpu_ms=1000 * postgres / photos,
        memory_growth_mb=memory.peak_mb - before_mb,
        memory_kept_mb=resident_mb(daemon.pid) - before_mb,
        longest_stall_ms=stall,
        statuses=statuses,
    )


def measure_floor(
    pid: int, port: int, photo: Path, *, photos: int, at_once: int
) -> tuple[float, float]:
    """Return photos a second and processor milliseconds a photo of the bare handler."""
    shoot(port, photo, photos=4, at_once=2, paths=["/upload"])
    cpu = cpu_seconds(pid)
    outcome = shoot(port, photo, photos=photos, at_once=at_once, paths=["/upload"])
    return photos / outcome["wall_seconds"], 1000 * (cpu_seconds(pid) - cpu) / photos


def measure_gets(pid: int, port: int, path: str, *, gets: int, at_once: int) -> tuple[float, float]:
    """Return answers a second and processor milliseconds an answer of one GET, repeated."""
    shoot(port, None, photos=20, at_once=2, paths=[path], method="GET")
    cpu = cpu_seconds(pid)
    outcome = shoot(port, None, photos=gets, at_once=at_once, paths=[path], method="GET")
    wrong = [shot for shot in outcome["outcomes"] if shot["status"] != 200]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {gets} answers were not 200: {wrong[0]}")
    return gets / outcome["wall_seconds"], 1000 * (cpu_seconds(pid) - cpu) / gets


def pillow_alone_ms(photo: Path, answer: Path, count: int) -> float:
    """Return what the same Pillow calls cost without anything else."""
    command = [sys.executable, "-m", "bench.pillow_alone", str(photo), str(answer), str(count)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _share(values: list[float], share: float) -> float:
    """Return the value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
