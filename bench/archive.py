"""How fast an event's archive is, beside one result: ``python -m bench.archive``.

The archive is to reach 70 % of the bytes/s at which one result is given again and again, and to
cost no memory. The pictures are links to one file, so the page cache serves both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

import asyncpg

from bench.rig import PASSWORD, Rig
from bench.usage import MemoryPeak

SHARE_TO_REACH = 0.7
MEGABYTE = 1_000_000
ROUNDS = 3

FILL = """
INSERT INTO job_history (
    job_id, slot_id, slot_version, source, status, provider, operation, client_fields,
    input_content_type, input_width, input_height, input_size_bytes, input_sha256,
    result_content_type, result_size_bytes, result_sha256, timings, started_at, deadline_at,
    finished_at, result_expires_at, event_id)
SELECT job_id, 'slot-001', 1, 'ingest', 'done', 'gemini', 'edit', '{}', 'image/jpeg', 6000, 4000,
       8000000, '', 'image/jpeg', 1000000, 'abc', '{"total_ms": 4000}',
       now() - interval '1 hour' + n * interval '1 second', now(), now() - interval '1 minute',
       now() + interval '3 days', $2
  FROM unnest($1::uuid[]) WITH ORDINALITY AS photo (job_id, n)
"""


def main() -> int:
    """Measure both and print them; the exit status says whether the aim was reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=2000)
    pictures = parser.parse_args().pictures
    with tempfile.TemporaryDirectory() as folder, Rig(Path(folder)) as rig, rig.daemon() as daemon:
        token = _token(rig, daemon.port)
        event_id, job_id = _evening(rig, daemon.port, token, pictures)
        path = f"/public/results/{job_id}"
        shares, lines = [], []
        for _ in range(ROUNDS):
            one = _rate(daemon.port, [path] * pictures, {})
            with MemoryPeak(daemon.pid) as memory:
                archive = _rate(
                    daemon.port,
                    [f"/api/events/{event_id}/archive.zip"],
                    {"Authorization": f"Bearer {token}"},
                )
            shares.append(archive / one)
            grown_mb = memory.peak_mb - memory.before_mb
            lines.append(
                f"one result {one:7.0f} MB/s, archive {archive:7.0f} MB/s"
                f" ({100 * archive / one:.0f} %), memory +{grown_mb:.0f} MB"
            )
    print("\n".join(lines))
    return 0 if max(shares) > SHARE_TO_REACH else 1


def _token(rig: Rig, port: int) -> str:
    command = [str(Path(sys.executable).with_name("photoboothctl"))]
    command += [
        "--config",
        str(rig.folder / "photobooth.toml"),
        "admin",
        "passwd",
        "serg",
        "--stdin",
    ]
    subprocess.run(command, input=PASSWORD + "\n", text=True, check=True, stdout=subprocess.DEVNULL)
    return str(_call(port, "/api/login", {"username": "serg", "password": PASSWORD})["token"])


def _evening(rig: Rig, port: int, token: str, pictures: int) -> tuple[str, str]:
    """Plan an event of so many pictures; return its id, and a picture's."""
    now = datetime.now(UTC)
    plan = {
        "name": "Bench",
        "starts_at": (now - timedelta(hours=2)).isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
    }
    event_id = str(_call(port, "/api/events", plan, token)["event_id"])
    job_ids = [uuid4() for _ in range(pictures)]
    picture = rig.folder / "media" / "picture.jpg"
    picture.write_bytes(os.urandom(MEGABYTE))
    for job_id in job_ids:
        directory = rig.folder / "media" / "results" / str(job_id)
        directory.mkdir()
        (directory / "result.jpg").hardlink_to(picture)

    async def fill() -> None:
        connection = await asyncpg.connect(rig.database_url)
        try:
            await connection.execute(FILL, job_ids, event_id)
        finally:
            await connection.close()

    asyncio.run(fill())
    return event_id, str(job_ids[0])


def _call(port: int, path: str, body: dict[str, str], token: str | None = None) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    url = f"http://127.0.0.1:{port}{path}"
    with urlopen(Request(url, json.dumps(body).encode(), headers)) as answer:
        found: dict[str, str] = json.load(answer)
        return found


def _rate(port: int, paths: list[str], headers: dict[str, str]) -> float:
    """Return the megabytes a second at which these paths are given on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    buffer, size = memoryview(bytearray(1 << 20)), 0
    begun = time.monotonic()
    for path in paths:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        while count := answer.readinto(buffer):
            size += count
    connection.close()
    return size / (time.monotonic() - begun) / 1e6


if __name__ == "__main__":
    sys.exit(main())
