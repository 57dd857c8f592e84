"""``python -m bench.peer``: our daemon and a second service in turn, and the ratio per size.

The second service takes the same form at the same path and asks the same fake provider. By
default it is ``bench/standin.py``; any other is started by ``--command``, in which
``{provider}``, ``{database}`` and ``{folder}`` stand for what it is given; it prints its port
first of all.
"""

from __future__ import annotations

import json
import shlex
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bench.photos import SIZES, photos
from bench.rig import SLOT, Rig, running, shoot
from bench.tables import PEER, put_into, table
from bench.usage import OtherLoad, cpu_seconds

COUNTS = {"0.05": 300, "0.5": 200, "3": 120, "8": 90, "14": 60}
STAND_IN = f"{shlex.quote(sys.executable)} -m bench.standin {{provider}} {{database}} {{folder}}"


@dataclass(frozen=True, slots=True)
class Run:
    """What one service did with one size in one round."""

    photos_per_second: float
    cpu_ms: float
    served: int
    photos: int


class Rounds:
    """Keeps every run of both services by size."""

    def __init__(self) -> None:
        self.runs: defaultdict[tuple[str, str], list[Run]] = defaultdict(list)

    def row(self, size: str) -> list[object]:
        """Return medians, and the median of the ratios within a round."""
        ours, peer = self.runs[size, "ours"], self.runs[size, "peer"]
        ratios = [
            one.photos_per_second / other.photos_per_second if other.photos_per_second else 0.0
            for one, other in zip(ours, peer, strict=True)
        ]
        return [
            size,
            f"{_median(ours, 'photos_per_second'):.1f}",
            f"{_median(peer, 'photos_per_second'):.1f}",
            f"{statistics.median(ratios):.2f}",
            f"{_median(ours, 'cpu_ms'):.0f}",
            f"{_median(peer, 'cpu_ms'):.0f}",
            _served([*ours, *peer]),
        ]

    def as_json(self) -> Mapping[str, Any]:
        return {
            f"{size} {who}": [
                [run.photos_per_second, run.cpu_ms, run.served, run.photos] for run in runs
            ]
            for (size, who), runs in self.runs.items()
        }


def measure(pid: int, port: int, photo: Path, *, count: int, at_once: int) -> Run:
    """Send the photos to one service, after a few that warm it up."""
    paths = [f"/api/ingest/{SLOT}"]
    shoot(port, photo, photos=4, at_once=2, paths=paths)
    cpu = cpu_seconds(pid)
    outcome = shoot(port, photo, photos=count, at_once=at_once, paths=paths)
    served = sum(shot["status"] == 200 for shot in outcome["outcomes"])
    cpu_ms = 1000 * (cpu_seconds(pid) - cpu) / count
    return Run(served / outcome["wall_seconds"], cpu_ms, served, count)


def compare(
    rig: Rig, command: str, folder: Path, sizes: Sequence[str], *, rounds: int, at_once: int
) -> Rounds:
    """Run both services as long as it takes, and let them take turns."""
    found = Rounds()
    files = photos(folder, click.echo)
    with rig.daemon() as daemon:
        given = {"provider": daemon.provider_url, "database": rig.database_url}
        words = [
            word.format(**given, folder=folder / "second-service") for word in shlex.split(command)
        ]
        with running(words, rig.folder / "second-service.log") as second:
            assert second.stdout is not None
            port = int(second.stdout.readline())
            services = {"ours": (daemon.pid, daemon.port), "peer": (second.pid, port)}
            for number in range(rounds):
                for size in sizes:
                    for who, (pid, its_port) in services.items():
                        run = measure(
                            pid, its_port, files[size], count=COUNTS[size], at_once=at_once
                        )
                        found.runs[size, who].append(run)
                        click.echo(
                            f"round {number + 1}, {size} MB, {who}: "
                            f"{run.photos_per_second:.1f}/s, cpu {run.cpu_ms:.0f} ms, "
                            f"{run.served} of {run.photos} served"
                        )
    return found


@click.command()
@click.option("--command", default=STAND_IN, help="Starts the second service.")
@click.option("--name", default="the stand-in", help="What it is called in the table.")
@click.option(
    "--size",
    "sizes",
    type=click.Choice([size.name for size in SIZES]),
    multiple=True,
    help="Only photos of so many MB [default: all].",
)
@click.option("--rounds", type=int, default=3, help="Medians are of so many.")
@click.option("--at-once", type=int, default=30, help="So many cameras.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep photos and logs here [default: a temporary directory].",
)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Keep the raw figures.")
@click.option("--write", "document", type=click.Path(path_type=Path), help="Renew its table.")
def main(
    command: str,
    name: str,
    sizes: tuple[str, ...],
    rounds: int,
    at_once: int,
    folder: Path | None,
    json_path: Path | None,
    document: Path | None,
) -> None:
    """Compare the daemon with a second service that takes the same form."""
    with tempfile.TemporaryDirectory(prefix="photobooth-peer-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        chosen = sizes or tuple(size.name for size in SIZES)
        with OtherLoad() as other, Rig(place / "rig") as rig:
            found = compare(rig, command, place, chosen, rounds=rounds, at_once=at_once)
    head = ["MB", "ours, photos/s", f"{name}, photos/s", "ratio", "CPU ms", "its CPU ms", "served"]
    text = (
        f"{at_once} at once, the provider answers at once, medians of {rounds}; other programs "
        f"used {other.cores:.1f} of {other.all_cores} cores meanwhile.\n\n"
        + table(head, [found.row(size) for size in chosen])
        + "\n"
    )
    click.echo(text)
    if json_path is not None:
        json_path.write_text(json.dumps({"other_cores": other.cores, **found.as_json()}) + "\n")
    if document is not None:
        put_into(document, text, PEER)


def _median(runs: Sequence[Run], field: str) -> float:
    return statistics.median(getattr(run, field) for run in runs)


def _served(runs: Sequence[Run]) -> str:
    lost = sum(run.photos - run.served for run in runs)
    return "all" if not lost else f"{lost} lost"


if __name__ == "__main__":
    main(prog_name="python -m bench.peer")
