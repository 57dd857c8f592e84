"""``python -m bench.versions COMMIT``: is this tree, as committed, worse than that commit?

Both are installed into folders of their own and take turns before this tree's cameras, thirty at
once, with a provider that answers at once. The exit status is 1 where the median of a size is
worse by more than a twentieth, in photos/s or in processor time a photo, or a photo was lost.
Nothing else should run meanwhile.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from bench.peer import COUNTS, measure
from bench.photos import SIZES, photos
from bench.rig import Rig
from bench.tables import table
from bench.usage import OtherLoad

ROOT = Path(__file__).parent.parent
AT_ONCE = 30
MOST_WORSE = 1.05
HEAD = ("MB", "photos/s before", "now", "ratio", "CPU ms before", "now", "ratio", "served")

Found = Mapping[str, Sequence[float]]
"""By size: photos/s, processor milliseconds a photo, photos lost."""


def install(commit: str, folder: Path) -> None:
    """Put the daemon of a commit into a folder, beside the cameras of this tree."""
    source = folder.with_suffix(".source")
    archived = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    source.mkdir()
    subprocess.run(["tar", "-x", "-C", source], input=archived.stdout, check=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run(
        [*pip, "--no-index", "--no-deps", "--no-build-isolation", "--target", folder, source],
        check=True,
    )
    shutil.copytree(ROOT / "bench", folder / "bench")


def measured(folder: Path, sizes: Sequence[str], kept: Path, share: float) -> Found:
    """Return what the daemon in a folder does, run by itself."""
    command = [sys.executable, "-m", "bench.versions", "--here", str(share), "--folder", str(kept)]
    command += [word for size in sizes for word in ("--size", size)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_here(sizes: Sequence[str], folder: Path, share: float) -> Found:
    """Return what the daemon does that is found where Python looks first."""
    files, found = photos(folder, click.echo, sizes), {}
    with (
        tempfile.TemporaryDirectory(prefix="photobooth-rig-") as place,
        Rig(Path(place)) as rig,
        rig.daemon() as daemon,
    ):
        for size in sizes:
            count = max(4, round(COUNTS[size] * share))
            run = measure(daemon.pid, daemon.port, files[size], count=count, at_once=AT_ONCE)
            found[size] = (run.photos_per_second, run.cpu_ms, run.photos - run.served)
    return found


@click.command()
@click.argument("commit", required=False)
@click.option("--size", "sizes", type=click.Choice([s.name for s in SIZES]), multiple=True)
@click.option("--rounds", type=int, default=3, help="Medians are of so many.")
@click.option("--share", type=float, default=1.0, help="Of the usual number of photos.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Keeps photos.")
@click.option("--here", type=float, hidden=True)
def main(
    commit: str | None,
    sizes: tuple[str, ...],
    rounds: int,
    share: float,
    folder: Path | None,
    here: float | None,
) -> None:
    """Compare this tree, as committed, with COMMIT at thirty at once."""
    sizes = sizes or tuple(size.name for size in SIZES)
    if here is not None and folder is not None:
        click.echo(json.dumps(measure_here(sizes, folder, here)))
        return
    if commit is None:
        raise click.UsageError("Name the commit to compare with.")
    with tempfile.TemporaryDirectory(prefix="photobooth-versions-") as temporary:
        place = Path(temporary)
        kept = (folder or place / "photos").absolute()
        kept.mkdir(parents=True, exist_ok=True)
        photos(kept, click.echo, sizes)
        runs: dict[str, list[Found]] = {"before": [], "now": []}
        for name, which in (("before", commit), ("now", "HEAD")):
            install(which, place / name)
        with OtherLoad() as other:
            for number in range(rounds):
                for name, found in runs.items():
                    found.append(measured(place / name, sizes, kept, share))
                    click.echo(f"round {number + 1}, {name}: {json.dumps(found[-1])}")
    rows, worse = [], False
    for size in sizes:
        row, is_worse = _row(size, runs)
        rows.append(row)
        worse = worse or is_worse
    click.echo(f"Other programs used {other.cores:.1f} of {other.all_cores} cores meanwhile.\n")
    click.echo(table(HEAD, rows))
    sys.exit(int(worse))


def _row(size: str, runs: Mapping[str, Sequence[Found]]) -> tuple[list[object], bool]:
    """Return a size's line of the table, and whether it is worse now."""
    before, now = (
        [statistics.median(found[size][field] for found in runs[name]) for field in (0, 1)]
        for name in ("before", "now")
    )
    lost = sum(found[size][2] for found in runs["now"])
    rate, cpu = now[0] / before[0], now[1] / before[1]
    row = [size, f"{before[0]:.1f}", f"{now[0]:.1f}", f"{rate:.2f}"]
    row += [
        f"{before[1]:.0f}",
        f"{now[1]:.0f}",
        f"{cpu:.2f}",
        f"{lost:.0f} lost" if lost else "all",
    ]
    return row, bool(lost) or rate < 1 / MOST_WORSE or cpu > MOST_WORSE


if __name__ == "__main__":
    main(prog_name="python -m bench.versions")
