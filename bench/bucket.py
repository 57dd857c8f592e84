"""What a photo costs a bucket, and how many it takes: ``python -m bench.bucket``.

Counts what a daemon asks of a bucket for some photos, for a look at each, and at rest. Then
results of a photo's size are stored in Debian's Swift as the daemon does, as fast as it goes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import asyncpg
import click

from bench.photos import photos
from bench.rig import BOOTHS, Rig, shoot
from bench.tables import table
from bench.wire import Passed, Wire, counting_bucket
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.model import MB, PictureBytes
from tests.support.fake_bucket import FakeBucket
from tests.support.object_store import start_object_store

REST_SECONDS = 65.0
"""Longer than whatever a daemon does once a minute."""
SETTLE_SECONDS = 3.0
AT_ONCE = (1, 4, 16)
HAMMER_SECONDS = 10.0
PREVIEW_BYTES = 40_000
PATHS = [f"/api/ingest/{slot}?response=image" for slot in BOOTHS]
LATEST = "SELECT job_id FROM job_history ORDER BY started_at DESC LIMIT $1"


@dataclass(frozen=True, slots=True)
class Spell:
    """What a bucket was asked for in some time."""

    seconds: float
    asked: Counter[str]
    passed: Passed

    def line(self, name: str, count: float, rest: Spell | None = None) -> list[object]:
        """Return a row: what one of ``count`` cost, without what is asked for at rest."""
        asked, there, back = Counter(self.asked), self.passed.there, self.passed.back
        if rest is not None:
            share = self.seconds / rest.seconds
            for method, number in rest.asked.items():
                asked[method] = round(asked[method] - number * share)
            there -= round(rest.passed.there * share)
            back -= round(rest.passed.back * share)
        told = [f"{number / count:.1f} {method}" for method, number in sorted(asked.items())]
        requests = ", ".join(one for one in told if not one.startswith("0.0"))
        return [name, requests, f"{there / count:,.0f}", f"{back / count:,.0f}"]


class Watched:
    """A bucket from one look to the next."""

    def __init__(self, bucket: FakeBucket, wire: Wire) -> None:
        self._bucket = bucket
        self._wire = wire
        self._begin()

    def spell(self) -> Spell:
        """Return what has been asked for since the last time."""
        found = Spell(
            time.monotonic() - self._begun_at,
            Counter(method for method, _ in self._bucket.requests[self._asked :]),
            self._wire.now().minus(self._passed),
        )
        self._begin()
        return found

    def _begin(self) -> None:
        self._begun_at = time.monotonic()
        self._asked = len(self._bucket.requests)
        self._passed = self._wire.now()


def counted(rig: Rig, photo: Path, count: int) -> str:
    """Return a table of what photos, looks at them and a daemon at rest ask of a bucket."""
    with counting_bucket() as (config, bucket, wire):
        rig.bucket = config
        with rig.daemon(slots=BOOTHS) as daemon:
            shoot(daemon.port, photo, photos=len(BOOTHS), at_once=2, paths=PATHS)
            time.sleep(SETTLE_SECONDS)
            watched = Watched(bucket, wire)
            time.sleep(REST_SECONDS)
            rest = watched.spell()
            outcome = shoot(daemon.port, photo, photos=count, at_once=2, paths=PATHS)
            statuses = Counter(one["status"] for one in outcome["outcomes"])
            assert statuses == {200: count}, statuses
            time.sleep(SETTLE_SECONDS)
            taken = watched.spell()
            for job_id in asyncio.run(latest(rig.database_url, count)):
                with urlopen(f"http://127.0.0.1:{daemon.port}/public/results/{job_id}") as answer:
                    answer.read()
            looked = watched.spell()
        rig.bucket = None
    head = ["", "requests", "bytes to the bucket", "bytes back"]
    return table(
        head,
        [
            taken.line("a photo", count, rest),
            looked.line("a look at its picture", count, rest),
            rest.line("a daemon at rest, a minute", rest.seconds / 60),
        ],
    )


async def latest(url: str, count: int) -> list[str]:
    """Return the ids of the latest jobs."""
    connection = await asyncpg.connect(url)
    try:
        return [str(row["job_id"]) for row in await connection.fetch(LATEST, count)]
    finally:
        await connection.close()


async def taken(folder: Path, config: S3Config, at_once: int) -> float:
    """Return how many results a second with their previews a bucket takes."""
    store = S3Store(folder, config)
    store.create()
    picture, preview = PictureBytes(os.urandom(MB), "image/jpeg", 1, 1), os.urandom(PREVIEW_BYTES)
    begun = time.monotonic()

    async def camera() -> int:
        count = 0
        while time.monotonic() < begun + HAMMER_SECONDS:
            await store.store_result(uuid4(), picture, preview)
            count += 1
        return count

    try:
        counts = await asyncio.gather(*(camera() for _ in range(at_once)))
    finally:
        await store.close()
    return sum(counts) / (time.monotonic() - begun)


def hammered(folder: Path) -> str:
    """Return a table of what Swift in one process takes."""
    process, object_store = start_object_store(folder / "swift")
    try:
        config = asyncio.run(object_store.new_bucket())
        lines = [
            [at_once, f"{asyncio.run(taken(folder / 'own', config, at_once)):.1f}"]
            for at_once in AT_ONCE
        ]
    finally:
        process.terminate()
        process.wait()
    return table(["photos at once", "photos/s"], lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.bucket", description=__doc__)
    parser.add_argument("--photos", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photobooth-bench-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o711)
        photo = photos(folder, click.echo, ["0.05"])["0.05"]
        with Rig(folder / "rig") as rig:
            click.echo(counted(rig, photo, options.photos))
        click.echo()
        click.echo(hammered(folder))


if __name__ == "__main__":
    main()
