"""What a photo costs PostgreSQL, and how many it takes: ``python -m bench.growth``.

Counts the statements and bytes of some photos through a started daemon, and those of a
daemon at rest. Then asks PostgreSQL alone for the same again and again, by pgbench, with one
camera after the other and with many at once.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import click

from bench.photos import photos
from bench.replay import PREFIX, Asked, read, script, without
from bench.rig import BOOTHS, Daemon, Rig, shoot
from bench.tables import table
from bench.wire import Passed, Wire, counted
from photobooth_daemon.database.binaries import find_binaries
from photobooth_daemon.live.publish import PAUSE_SECONDS
from photobooth_daemon.repositories.live_messages import AT_ONCE

REST_SECONDS = 65.0
"""Longer than whatever a daemon does once a minute."""
SETTLE_SECONDS = 3.0
CLIENTS = (1, 4, 16)
DAEMONS = 3
PATHS = [f"/api/ingest/{slot}?response=image" for slot in BOOTHS]


@dataclass(frozen=True, slots=True)
class Spell:
    """Some time of a daemon's life, as PostgreSQL saw it."""

    seconds: float
    asked: list[Asked]
    passed: Passed
    wal_bytes: int


class Growth:
    """Looks on at one PostgreSQL and one daemon."""

    def __init__(self, rig: Rig, wire: Wire, photo: Path) -> None:
        self._rig = rig
        self._wire = wire
        self._photo = photo
        (self._log,) = rig.folder.rglob("postgres.log")

    def spell(self, daemon: Daemon, photos: int, seconds: float) -> Spell:
        """Send photos, then wait; return all that was asked meanwhile."""
        self._query("ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
        time.sleep(1)
        begin, size = time.monotonic(), self._log.stat().st_size
        before, wal = self._wire.now(), self._wal_bytes()
        if photos:
            outcome = shoot(daemon.port, self._photo, photos=photos, at_once=2, paths=PATHS)
            statuses = Counter(one["status"] for one in outcome["outcomes"])
            assert statuses == {200: photos}, statuses
        time.sleep(seconds)
        with self._log.open("rb") as log:
            log.seek(size)
            told = log.read().decode("utf-8", "replace")
        spell = Spell(
            time.monotonic() - begin,
            read(told),
            self._wire.now().minus(before),
            self._wal_bytes() - wal,
        )
        self._query("ALTER SYSTEM SET log_statement = 'none'", "SELECT pg_reload_conf()")
        return spell

    def size_bytes(self) -> int:
        """Return how large all tables are, with their indexes."""
        return int(
            self._value(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        )

    def _wal_bytes(self) -> int:
        return int(self._value("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    def _query(self, *statements: str) -> None:
        for statement in statements:
            self._value(statement)

    def _value(self, query: str) -> Any:
        async def ask() -> Any:
            connection = await asyncpg.connect(self._rig.database_url)
            try:
                return await connection.fetchval(query)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def hammer(self, scripts: Path, clients: int, seconds: int) -> tuple[float, float, float]:
        """Return photos a second, and the WAL and growth of each in bytes.

        Meanwhile daemons of their own publish what the photos drafted, as often as they do.
        """
        url = self._rig.database_url
        pgbench = [find_binaries().bin_dir / "pgbench", "-n", "-M", "prepared", "-T", str(seconds)]
        command = [*pgbench, "-c", str(clients), "-j", "2"]
        for path in sorted(scripts.glob("photo-*.sql")):
            command += ["-f", str(path)]
        publish = scripts / "publish.sql"
        pause_ms = round(1000 * PAUSE_SECONDS)
        publish.write_text(f"SELECT publish_live_drafts({AT_ONCE});\n\\sleep {pause_ms} ms\n")
        wal, size = self._wal_bytes(), self.size_bytes()
        with subprocess.Popen(
            [*pgbench, "-c", str(DAEMONS), "-f", publish, url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as publishing:
            done = subprocess.run([*command, url], capture_output=True, text=True)
            if done.returncode or publishing.wait():
                raise RuntimeError(done.stderr[-2000:])
        rate = float(re.findall(r"tps = ([\d.]+)", done.stdout)[0])
        made = int(re.findall(r"actually processed: (\d+)", done.stdout)[0])
        return rate, (self._wal_bytes() - wal) / made, (self.size_bytes() - size) / made


def shown(rest: Spell, busy: Spell, sent: int) -> str:
    """Return what a photo costs, what a daemon at rest does, and which statements it is."""
    resting = Counter(one.shape for one in rest.asked)
    share = busy.seconds / rest.seconds
    shapes = Counter(one.shape for one in busy.asked)
    for shape, count in resting.items():
        shapes[shape] = round(shapes[shape] - count * share)
    per_photo = {shape: count / sent for shape, count in shapes.items() if count / sent >= 0.1}
    there, back = (
        (getattr(busy.passed, way) - getattr(rest.passed, way) * share) / sent
        for way in ("there", "back")
    )
    figures = table(
        ["", "statements", "bytes to PostgreSQL", "bytes back"],
        [
            ["a photo", f"{sum(per_photo.values()):.1f}", f"{there:.0f}", f"{back:.0f}"],
            [
                "a daemon at rest, a second",
                f"{len(rest.asked) / rest.seconds:.1f}",
                f"{rest.passed.there / rest.seconds:.0f}",
                f"{rest.passed.back / rest.seconds:.0f}",
            ],
        ],
    )
    lines = [[f"{n:.1f}", f"`{shape[:100]}`"] for shape, n in sorted(per_photo.items())]
    return f"{figures}\n\n{table(['a photo', 'statement'], lines)}"


def one_each(growth: Growth, daemon: Daemon, rest: Spell, folder: Path) -> int:
    """Write a script for a photo of each slot; return how many statements they have in all."""
    folder.mkdir()
    shapes = {one.shape for one in rest.asked} - {"BEGIN;", "COMMIT;", "ROLLBACK;"}
    statements = 0
    for number in range(5):
        spell = growth.spell(daemon, 1, SETTLE_SECONDS)
        asked = without(spell.asked, shapes)
        statements += len(asked)
        (folder / f"photo-{number}.sql").write_text(script(asked), "utf-8")
    return statements


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20, help="how long pgbench asks")
    parser.add_argument("--folder", type=Path, help="keep logs and scripts here")
    options = parser.parse_args()
    settings = {"log_line_prefix": PREFIX}
    with tempfile.TemporaryDirectory(prefix="photobooth-bench-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        photo = photos(folder, click.echo, ["0.05"])["0.05"]
        with Rig(folder / "rig", settings) as rig, counted(rig.database_url) as (url, wire):
            rig.daemons_database_url = url
            growth = Growth(rig, wire, photo)
            with rig.daemon(slots=BOOTHS) as daemon:
                shoot(daemon.port, photo, photos=30, at_once=2, paths=PATHS)
                time.sleep(SETTLE_SECONDS)
                rest = growth.spell(daemon, 0, REST_SECONDS)
                busy = growth.spell(daemon, options.photos, SETTLE_SECONDS)
                click.echo(shown(rest, busy, options.photos))
                statements = one_each(growth, daemon, rest, folder / "scripts")
            click.echo(f"\nscripts of {statements / 5:.1f} statements each\n")
            lines = []
            for clients in CLIENTS:
                rate, wal, size = growth.hammer(folder / "scripts", clients, options.seconds)
                lines.append([clients, f"{rate:.0f}", f"{wal:.0f}", f"{size:.0f}"])
            head = ["connections", "photos/s", "WAL bytes a photo", "bytes kept a photo"]
            click.echo(table(head, lines))


if __name__ == "__main__":
    main()
