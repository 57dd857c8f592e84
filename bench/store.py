"""How fast results come out of a bucket: ``python -m bench.store``.

A client reads results from the daemon, and the same objects from the store itself by a signed
link, in turn, a few seconds each. The store is Debian's Swift, in one process, as in the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import click
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.rig import Daemon, Rig
from bench.tables import table
from bench.usage import cpu_seconds
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.media.keys import result_key
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.model import MB, PictureBytes
from tests.support.object_store import start_object_store

SIZES_MB = (1, 8)
CONNECTIONS = (1, 16)
LEAST_SHARE = 0.6
LINK_SECONDS = 3600

JOB = """
INSERT INTO job_history (
    job_id, slot_id, slot_version, source, status, client_fields, input_content_type, input_width,
    input_height, input_size_bytes, input_sha256, started_at, deadline_at, finished_at,
    result_expires_at, result_content_type, result_width, result_height, result_size_bytes,
    result_sha256)
VALUES ($1, 'slot-001', 1, 'ingest', 'done', '{}', 'image/jpeg', 6000, 4000, 8000000, '', $2, $2,
        $2, $3, 'image/jpeg', 1024, 1024, $4, $5)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client finds a picture."""

    host: str
    path: str

    def fetch(self, connections: int, seconds: float) -> float:
        """Return how many MB a second a client gets on so many connections."""
        order = {
            "host": self.host,
            "port": int(self.host.rpartition(":")[2]),
            "path": self.path,
            "connections": connections,
            "seconds": seconds,
        }
        command = [sys.executable, "-m", "bench.fetch"]
        done = subprocess.run(command, input=json.dumps(order), stdout=subprocess.PIPE, text=True)
        outcome = json.loads(done.stdout)
        if outcome["faults"]:
            raise RuntimeError(outcome["faults"][0])
        return float(outcome["bytes"] / MB / outcome["seconds"])


@dataclass(frozen=True, slots=True)
class Measured:
    """The rates of all rounds, and what a MB cost the daemon."""

    size_mb: int
    connections: int
    store: list[float]
    daemon: list[float]
    cpu_ms: float

    @property
    def share(self) -> float:
        """How much of the store's rate the daemon passes on."""
        return statistics.median(self.daemon) / statistics.median(self.store)

    def line(self) -> list[object]:
        """Return a row of the table."""
        return [
            self.size_mb,
            self.connections,
            *(
                f"{statistics.median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f})"
                for rates in (self.store, self.daemon)
            ),
            f"{100 * self.share:.0f} %",
            f"{self.cpu_ms:.1f}",
        ]


def link(config: S3Config, job_id: UUID) -> Place:
    """Return where the store itself gives a result to whoever has the link."""
    key = f"{config.prefix}{result_key(job_id, 'image/jpeg')}"
    request = AWSRequest("GET", f"{config.endpoint}/{config.bucket}/{key}")
    keys = Credentials(config.access_key, config.secret_key)
    S3SigV4QueryAuth(keys, "s3", config.region, expires=LINK_SECONDS).add_auth(request)
    parts = urlsplit(request.url)
    return Place(parts.netloc, f"{parts.path}?{parts.query}")


async def keep_result(database_url: str, folder: Path, config: S3Config, size_mb: int) -> UUID:
    """Store a picture of this size as the daemon would, and the row that speaks of it."""
    job_id, now, data = uuid4(), datetime.now(UTC), os.urandom(size_mb * MB)
    store = S3Store(folder, config)
    store.create()
    try:
        await store.store_result(job_id, PictureBytes(data, "image/jpeg", 1024, 1024), b"preview")
    finally:
        await store.close()
    connection = await asyncpg.connect(database_url)
    try:
        digest = hashlib.sha256(data).hexdigest()
        await connection.execute(JOB, job_id, now, now + timedelta(days=1), len(data), digest)
    finally:
        await connection.close()
    return job_id


def compare(
    daemon: Daemon, ours: Place, theirs: Place, size_mb: int, connections: int, rounds: int
) -> Measured:
    """Fetch from both in turn."""
    seconds = 3.0
    store, own, busy = [], [], 0.0
    for _ in range(rounds):
        store.append(theirs.fetch(connections, seconds))
        before = cpu_seconds(daemon.pid)
        own.append(ours.fetch(connections, seconds))
        busy += cpu_seconds(daemon.pid) - before
    return Measured(size_mb, connections, store, own, 1000 * busy / (sum(own) * seconds))


def main() -> int:
    """Return 0 if the daemon passes on its share of what the store gives, in each case."""
    parser = argparse.ArgumentParser(prog="python -m bench.store", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photobooth-bench-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o711)
        process, object_store = start_object_store(folder / "swift")
        try:
            config = asyncio.run(object_store.new_bucket())
            with Rig(folder / "rig") as rig:
                rig.bucket = config
                with rig.daemon(probed=False) as daemon:
                    measured = []
                    for size_mb in SIZES_MB:
                        job_id = asyncio.run(
                            keep_result(rig.database_url, folder / "own", config, size_mb)
                        )
                        ours = Place(f"127.0.0.1:{daemon.port}", f"/public/results/{job_id}")
                        theirs = link(config, job_id)
                        measured += [
                            compare(daemon, ours, theirs, size_mb, connections, options.rounds)
                            for connections in CONNECTIONS
                        ]
        finally:
            process.terminate()
            process.wait()
    head = ["MB", "connections", "store, MB/s", "daemon, MB/s", "share", "daemon, CPU ms a MB"]
    click.echo(table(head, [one.line() for one in measured]))
    good = all(one.share >= LEAST_SHARE for one in measured)
    click.echo(f"every share at least {100 * LEAST_SHARE:.0f} %: {'yes' if good else 'NO'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
