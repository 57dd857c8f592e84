"""``python -m bench.peer``: our daemon and other services in turn, and the ratio per size.

Each of the others takes the same form at the same path and asks the same fake provider. By
default they are ``bench/ordinary.py``, written as such services are, and ``bench/standin.py``, the
least that one can cost; any other is started by ``--command``, in which ``{provider}``,
``{database}`` and ``{folder}`` stand for what it is given; it prints its port first of all.
"""

from __future__ import annotations

import json
import shlex
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench.photos import SIZES, photos
from bench.rig import SLOT, Rig, running, shoot
from bench.tables import PEER, put_into, table
from bench.usage import OtherLoad, cpu_seconds

COUNTS = {"0.05": 300, "0.5": 200, "3": 120, "8": 90, "14": 60}
OURS = "ours"
_PLACES = "{provider} {database} {folder}"
STAND_INS = {
    "the ordinary stand-in": f"{shlex.quote(sys.executable)} -m bench.ordinary {_PLACES}",
    "the least stand-in": f"{shlex.quote(sys.executable)} -m bench.standin {_PLACES}",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What one service did with one size in one round."""

    photos_per_second: float
    cpu_ms: float
    served: int
    photos: int


class Rounds:
    """Keeps every run of each service by size."""

    def __init__(self) -> None:
        self.runs: defaultdict[tuple[str, str], list[Run]] = defaultdict(list)

    def row(self, size: str, name: str) -> list[object]:
        """Return medians of ours and of one other, and the median of the ratios within a round."""
        ours, peer = self.runs[size, OURS], self.runs[size, name]
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
    rig: Rig,
    commands: Mapping[str, str],
    folder: Path,
    sizes: Sequence[str],
    *,
    rounds: int,
    at_once: int,
) -> Rounds:
    """Run all services as long as it takes, and let them take turns."""
    found = Rounds()
    files = photos(folder, click.echo)
    with rig.daemon() as daemon, ExitStack() as stack:
        services = {OURS: (daemon.pid, daemon.port)}
        for name, command in commands.items():
            services[name] = stack.enter_context(
                _service(rig, command, daemon.provider_url, name.replace(" ", "-"))
            )
        for number in range(rounds):
            for size in sizes:
                for who, (pid, its_port) in services.items():
                    run = measure(pid, its_port, files[size], count=COUNTS[size], at_once=at_once)
                    found.runs[size, who].append(run)
                    click.echo(
                        f"round {number + 1}, {size} MB, {who}: "
                        f"{run.photos_per_second:.1f}/s, cpu {run.cpu_ms:.0f} ms, "
                        f"{run.served} of {run.photos} served"
                    )
    return found


@contextmanager
def _service(rig: Rig, command: str, provider: str, label: str) -> Iterator[tuple[int, int]]:
    """Run a service in a folder of its own; give its pid and its port."""
    given = {"provider": provider, "database": rig.database_url, "folder": rig.folder / label}
    words = [word.format(**given) for word in shlex.split(command)]
    with running(words, rig.folder / f"{label}.log") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first.strip().isdigit():
            raise RuntimeError(f"no port of {label}: see {rig.folder / label}.log")
        yield process.pid, int(first)


@click.command()
@click.option("--command", help="Starts another service instead of the two stand-ins.")
@click.option("--name", default="the other", help="What that one is called in the table.")
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
    command: str | None,
    name: str,
    sizes: tuple[str, ...],
    rounds: int,
    at_once: int,
    folder: Path | None,
    json_path: Path | None,
    document: Path | None,
) -> None:
    """Compare the daemon with services that take the same form.

    The ordinary stand-in needs what ``pip install -e '.[peer]'`` brings (``make bench-peer``).
    """
    commands = STAND_INS if command is None else {name: command}
    with tempfile.TemporaryDirectory(prefix="photobooth-peer-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        chosen = sizes or tuple(size.name for size in SIZES)
        with OtherLoad() as other, Rig(place / "rig") as rig:
            found = compare(rig, commands, place, chosen, rounds=rounds, at_once=at_once)
    text = (
        f"Measured on {datetime.now(UTC).date()}: {at_once} at once, the provider answers at once, "
        f"medians of {rounds}; other programs used {other.cores:.1f} of {other.all_cores} cores "
        "meanwhile.\n"
    )
    for name in commands:
        head = [
            "MB",
            "ours, photos/s",
            f"{name}, photos/s",
            "ratio",
            "CPU ms",
            "its CPU ms",
            "served",
        ]
        text += "\n" + table(head, [found.row(size, name) for size in chosen]) + "\n"
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
