"""``python -m bench``: measure, print, and put the tables into ``docs/figures.md``."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import PIL
import tornado

from bench.cells import Figures, measure, measure_floor, measure_gets, pillow_alone_ms
from bench.photos import SIZES, photos
from bench.rig import BOOTHS, Rig, result_of
from bench.tables import put_into, rendered
from photobooth_daemon.rehearsal.fake_picture import prepared_jpeg

COUNTS = {"0.05": 300, "0.5": 300, "3": 120, "8": 100, "14": 80}
PARTS = ("floor", "throughput", "delay", "uplink", "overload", "results")
UPLINK_MBIT = 20
DELAY_SECONDS = 2.0
OVERLOAD_WINDOW_SECONDS = 10


class Bench:
    """Runs the parts that were asked for and keeps what they found."""

    def __init__(self, rig: Rig, folder: Path, sizes: tuple[str, ...], share: float) -> None:
        self._rig = rig
        self._photos = photos(folder, click.echo)
        self._sizes = sizes
        self._share = share
        self._answer = folder / "answer.jpg"
        self._answer.write_bytes(prepared_jpeg(1024))
        self.found: dict[str, Any] = {"machine": _machine()}

    def floor(self) -> None:
        """The bare handler, and the picture work alone."""
        rows = self.found["floor"] = {}
        with self._rig.floor() as (pid, port, _):
            for size in self._sizes:
                photo, count = self._photos[size], self._count(size)
                rate, cpu = measure_floor(pid, port, photo, photos=4 * count, at_once=30)
                alone = pillow_alone_ms(photo, self._answer, max(10, count // 4))
                rows[size] = {"photos_per_second": rate, "cpu_ms": cpu, "pillow_ms": alone}
                click.echo(f"floor {size} MB: {rate:.0f}/s, {cpu:.1f} ms; Pillow {alone:.0f} ms")

    def throughput(self) -> None:
        """The provider answers at once."""
        with self._rig.daemon() as daemon:
            self._grid(
                "throughput",
                lambda size, at_once: measure(
                    daemon,
                    self._photos[size],
                    size,
                    photos=max(at_once, self._count(size) // (4 if at_once == 1 else 1)),
                    at_once=at_once,
                ),
                (1, 8, 30, 100),
            )

    def delay(self) -> None:
        """The provider takes two seconds."""
        with self._rig.daemon(delay_seconds=DELAY_SECONDS) as daemon:
            self._grid(
                "delay",
                lambda size, at_once: measure(
                    daemon,
                    self._photos[size],
                    size,
                    photos=max(4, 2 * at_once),
                    at_once=at_once,
                    delay_seconds=DELAY_SECONDS,
                ),
                (1, 8, 30, 100),
            )

    def uplink(self) -> None:
        """Fifteen booths behind a venue's line, on the settings of a new installation."""
        with self._rig.daemon(
            delay_seconds=DELAY_SECONDS, uplink_mbit=UPLINK_MBIT, slots=BOOTHS, limits=()
        ) as daemon:
            self._grid(
                "uplink",
                lambda size, at_once: measure(
                    daemon,
                    self._photos[size],
                    size,
                    photos=max(5, at_once),
                    at_once=at_once,
                    delay_seconds=DELAY_SECONDS,
                    slots=BOOTHS,
                ),
                (1, 15),
            )

    def overload(self) -> None:
        """A hundred of the largest at once in the shortest window, beside a steady stream."""
        photo, size = self._photos["14"], "14"
        with self._rig.daemon(window_seconds=OVERLOAD_WINDOW_SECONDS) as daemon:
            steady = measure(daemon, photo, size, photos=self._count(size), at_once=8)
            burst = measure(daemon, photo, size, photos=100, at_once=100)
        self.found["overload"] = {"steady": steady.as_json(), "burst": burst.as_json()}
        _say("steady", steady)
        _say("overload", burst)

    def results(self) -> None:
        """A stored result, beside the same file from Tornado's own static handler."""
        gets = round(3000 * self._share)
        with self._rig.floor() as (pid, port, folder):
            (folder / "result.jpg").write_bytes(self._answer.read_bytes())
            static = measure_gets(pid, port, "/static/result.jpg", gets=gets, at_once=30)
        with self._rig.daemon() as daemon:
            path = result_of(daemon.port, self._photos["0.05"])
            ours = measure_gets(daemon.pid, daemon.port, path, gets=gets, at_once=30)
        self.found["results"] = {"static": static, "ours": ours}
        click.echo(f"results: {ours[0]:.0f}/s, Tornado's static handler {static[0]:.0f}/s")

    def _grid(
        self, part: str, cell: Callable[[str, int], Figures], at_once: tuple[int, ...]
    ) -> None:
        rows = self.found[part] = []
        for size in self._sizes:
            for number in at_once:
                figures = cell(size, number)
                rows.append(figures.as_json())
                _say(part, figures)

    def _count(self, size: str) -> int:
        return max(8, round(COUNTS[size] * self._share))


def _say(part: str, f: Figures) -> None:
    click.echo(
        f"{part} {f.size} MB x {f.at_once}: {f.served} of {f.photos} served, "
        f"{f.photos_per_second:.1f}/s, added p50 {f.p50_added_ms:.0f} p95 {f.p95_added_ms:.0f} ms, "
        f"cpu {f.cpu_ms:.0f} + {f.postgres_cpu_ms:.0f} ms, memory +{f.memory_growth_mb:.0f} MB, "
        f"stall {f.longest_stall_ms:.0f} ms"
    )


def _machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "tornado": tornado.version,
        "pillow": PIL.__version__,
        "load_before": round(os.getloadavg()[0], 1),
    }


@click.command()
@click.option(
    "--part", "parts", type=click.Choice(PARTS), multiple=True, help="Only these [default: all]."
)
@click.option(
    "--size",
    "sizes",
    type=click.Choice([size.name for size in SIZES]),
    multiple=True,
    help="Only photos of so many MB [default: all].",
)
@click.option(
    "--share", type=float, default=1.0, help="Of the usual number of photos: 0.2 is quick."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep photos and logs here [default: a temporary directory].",
)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Keep the raw figures.")
@click.option("--write", "document", type=click.Path(path_type=Path), help="Renew its tables.")
def main(
    parts: tuple[str, ...],
    sizes: tuple[str, ...],
    share: float,
    folder: Path | None,
    json_path: Path | None,
    document: Path | None,
) -> None:
    """Measure the daemon as real processes on this machine, beside a bare Tornado handler.

    Nothing else should run meanwhile. All parts take about fifteen minutes.
    """
    with tempfile.TemporaryDirectory(prefix="photobooth-bench-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        with Rig(place / "rig") as rig:
            bench = Bench(rig, place, sizes or tuple(size.name for size in SIZES), share)
            for part in parts or PARTS:
                getattr(bench, part)()
    if json_path is not None:
        json_path.write_text(json.dumps(bench.found, indent=1) + "\n")
    tables = rendered(bench.found)
    click.echo(tables)
    if document is not None:
        put_into(document, tables)


if __name__ == "__main__":
    main(prog_name="python -m bench")
