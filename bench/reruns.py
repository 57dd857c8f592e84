"""What reruns cost cameras: ``python -m bench.reruns``.

Fifteen cameras, each on a slot of its own, take a photo, wait as long as guests do, and take the
next. Rounds without and with a full queue of reruns take turns; the aim is that the cameras' p95
with it is within 10 % of the one without.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import asyncpg

from bench.load import BOUNDARY, exchange, form
from bench.photos import photos
from bench.rig import BOOTHS, PASSWORD, Rig

WITHIN = 1.1
EVENING = """
INSERT INTO event (event_id, version, name, starts_at, ends_at, slot_ids, frozen, gallery_enabled,
       gallery_token, gallery_archive, guest, keep_originals, rerun, updated_at, updated_by)
VALUES ($1, 1, 'Bench', now() - interval '1 hour', now() + interval '1 day', '{}', false, false, $2,
        false, '{"title": "", "greeting": "", "accent": "#000000", "locale": "auto"}',
        'never', 'manual', now(), 'serg')
"""
FAILED = """
INSERT INTO job_history (job_id, slot_id, slot_version, source, status, failure_code, client_fields,
       input_content_type, input_width, input_height, input_size_bytes, input_sha256, started_at,
       deadline_at, finished_at, event_id, original_expires_at)
SELECT job_id, 'slot-' || lpad((n % 15 + 1)::text, 3, '0'), 1, 'ingest', 'failed', 'provider_error',
       '{}', 'image/jpeg', 6000, 4000, 3000000, '', now() - interval '1 minute', now(), now(), $2,
       now() + interval '1 day'
  FROM unnest($1::uuid[]) WITH ORDINALITY AS photo (job_id, n)
"""
QUEUED = """
INSERT INTO rerun (job_id, event_id, slot_id, state, rerun_job_id, requested_at, requested_by)
SELECT job_id, event_id, slot_id, 'queued', gen_random_uuid(), now(), 'serg'
  FROM job_history WHERE job_id = ANY($1)
"""


def main() -> int:
    """Measure, print, and say by the exit status whether the aim was reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--photo", default="3", help="megabytes: 0.05, 0.5, 3, 8 or 14")
    options = parser.parse_args()
    without: list[float] = []
    beside: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        photo = photos(Path(folder), lambda text: print(text, file=sys.stderr))[options.photo]
        with rig.daemon(delay_seconds=2.0, slots=BOOTHS, limits=()) as daemon:
            for number in range(options.rounds):
                print(f"round {number + 1}, load {os.getloadavg()[0]:.1f}", flush=True)
                taken = asyncio.run(
                    _shoot(daemon.port, photo.read_bytes(), options.seconds, number)
                )
                without += taken
                print(f"  cameras alone       {_figures(taken)}", flush=True)
                taken, made = asyncio.run(_beside(rig, daemon.port, photo, options.seconds, number))
                beside += taken
                print(f"  beside {made:4d} reruns  {_figures(taken)}", flush=True)
    print(f"alone   {_figures(without)}")
    print(f"beside  {_figures(beside)}")
    share = _p95(beside) / _p95(without)
    print(f"p95 beside reruns: {100 * share:.0f} % of the one without")
    return 0 if share <= WITHIN else 1


async def _shoot(port: int, photo: bytes, seconds: float, seed: int) -> list[float]:
    """Return how long each photo of fifteen cameras took, in seconds."""
    body = memoryview(form(photo, {"password": PASSWORD}))
    until = time.monotonic() + seconds
    taken: list[float] = []

    async def camera(slot: str) -> None:
        chance = random.Random(f"{slot} {seed}")
        head = (
            f"POST /api/ingest/{slot}?response=image HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        ).encode()
        await asyncio.sleep(chance.uniform(0, 5))
        while time.monotonic() < until:
            outcome = await exchange(port, head, body)
            if outcome["status"] != 200:
                raise RuntimeError(f"{slot} answered {outcome['status']}")
            taken.append(outcome["seconds"])
            await asyncio.sleep(chance.uniform(2, 8))

    await asyncio.gather(*(camera(slot) for slot in BOOTHS))
    return taken


async def _beside(
    rig: Rig, port: int, photo: Path, seconds: float, seed: int
) -> tuple[list[float], int]:
    """Return the same with a queue of reruns that lasts, and how many of those were made."""
    sent = await asyncio.to_thread(photo.read_bytes)
    connection = await asyncpg.connect(rig.database_url)
    try:
        event_id, job_ids = uuid4(), [uuid4() for _ in range(round(seconds) * 3)]
        await connection.execute("UPDATE event SET ends_at = now() - interval '1 second'")
        await connection.execute(EVENING, event_id, event_id.hex)
        await connection.execute(FAILED, job_ids, event_id)
        for job_id in job_ids:
            directory = rig.folder / "media" / "originals" / str(job_id)
            directory.mkdir()
            (directory / "photo.jpg").hardlink_to(photo)
        await connection.execute(QUEUED, job_ids)
        taken = await _shoot(port, sent, seconds, seed)
        made: int = await connection.fetchval(
            "SELECT count(*) FROM rerun WHERE event_id = $1 AND state = 'done'", event_id
        )
        await connection.execute("DELETE FROM rerun WHERE state = 'queued'")
        while await connection.fetchval("SELECT count(*) FROM rerun WHERE state = 'running'"):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    finally:
        await connection.close()
    return taken, made


def _figures(taken: list[float]) -> str:
    middle = statistics.median(taken)
    return f"{len(taken):4d} photos, p50 {middle:.2f} s, p95 {_p95(taken):.2f} s"


def _p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
