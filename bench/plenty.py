"""What ten million jobs make slow: ``python -m bench.plenty``.

Fills a private PostgreSQL with a quarter of a year of photos (once: ``--folder`` keeps it),
starts the daemon on it and asks through the port, then asks what a daemon asks in the
background, and then has cleanup delete a day that history no longer keeps.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import click

from bench.history import LIMIT_MS, Question, give_password, measure, questions, served
from bench.many_jobs import DAYS, fill
from photobooth_daemon.administration.boards import TOKEN_BYTES
from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.database import migrations
from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.cleanup import BATCH_SIZE
from photobooth_daemon.housekeeping.orphans import BATCH_SIZE as STORED_AT_ONCE
from photobooth_daemon.model import MediaObject
from photobooth_daemon.repositories.alerts import AlertRepository
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.prunes import PruneRepository, list_prunes
from photobooth_daemon.repositories.report_cells import KEPT_DAYS, ReportCells
from photobooth_daemon.repositories.rerun_queue import RerunQueue
from photobooth_daemon.repositories.spending import SpendingRepository
from photobooth_daemon.repositories.stored_media import StoredMedia
from photobooth_daemon.repositories.support import SupportRepository
from photobooth_daemon.repositories.vitals import VitalsRepository
from photobooth_daemon.web.boards import COOKIE
from photobooth_daemon.web.paging import time_cursor

ROUNDS = 9
ONCE_IS_ENOUGH_MS = 5000
RESULT_LIFE = timedelta(hours=72)
SERVER = {"shared_buffers": "256MB", "max_wal_size": "16GB", "wal_level": "minimal"}
SERVER["max_wal_senders"] = "0"


async def event_questions(url: str, now: datetime) -> list[Question]:
    """Return what is asked of an evening: the one that has just ended."""
    connection = await asyncpg.connect(url)
    try:
        event = await connection.fetchrow(
            "SELECT event_id, gallery_token, starts_at FROM event ORDER BY starts_at DESC LIMIT 1"
        )
        photos = await connection.fetchval(
            "SELECT count(*) FROM job_history WHERE event_id = $1", event["event_id"]
        )
        board = await _give_board(connection, now)
        job = await connection.fetchval(
            "SELECT job_id FROM job_history WHERE event_id = $1 AND status = 'done' LIMIT 1",
            event["event_id"],
        )
    finally:
        await connection.close()
    one, gallery = event["event_id"], event["gallery_token"]
    middle = time_cursor(event["starts_at"] + timedelta(hours=10), one)
    spans = {
        "six hours": timedelta(hours=6), "a day": timedelta(days=1), "a week": timedelta(days=7),
        "30 days": timedelta(days=30),
    }  # fmt: skip
    long_ago = time_cursor(now - timedelta(days=DAYS / 2), one)
    return [
        Question("jobs of half a history ago", f"/api/jobs?cursor={long_ago}"),
        Question("failed jobs of then", f"/api/jobs?status=failed&cursor={long_ago}"),
        Question(
            "timeouts of a slot of then",
            f"/api/jobs?slot=slot-003&status=timeout&cursor={long_ago}&limit=200",
        ),
        Question("one job", f"/api/jobs/{job}"),
        Question("the board", "/board/state", cookie=f"{COOKIE}={board}"),
        Question("events", "/api/events"),
        Question(f"an event of {photos:,} photos", f"/api/events/{one}"),
        Question("its jobs", f"/api/jobs?event={one}&limit=200"),
        Question("its jobs in the middle", f"/api/jobs?event={one}&cursor={middle}"),
        Question("its jobs that failed", f"/api/jobs?event={one}&status=failed"),
        Question("its statistics", f"/api/stats?event={one}"),
        Question("its report", f"/api/events/{one}/report?format=json"),
        Question("its report, as a page", f"/api/events/{one}/report?format=html"),
        Question("its gallery's pictures", f"/g/{gallery}/pictures"),
        Question("the page of a picture", f"/r/{job}"),
        *(
            Question(
                f"report of {name}", f"/api/report?since={_text(now - span)}&until={_text(now)}"
            )
            for name, span in spans.items()
        ),
    ]


def _text(at: datetime) -> str:
    return rfc3339(at.replace(microsecond=0))


async def _give_board(connection: asyncpg.Connection, now: datetime) -> str:
    """Make a board of all slots; return its token."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await connection.execute(
        "INSERT INTO board (board_id, label, slot_ids, token_digest, created_at, created_by)"
        " VALUES (gen_random_uuid(), 'bench', '{}', $1, $2, 'serg')",
        hashlib.sha256(token.encode()).digest(),
        now,
    )
    return token


def background(database: Database, now: datetime) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return what every process asks again and again, and what cleanup asks first."""
    cleanup, vitals = CleanupRepository(database), VitalsRepository(database)
    stored = StoredMedia(database)
    return {
        "bytes kept, by kind": vitals.media_bytes,
        "spent today": lambda: SpendingRepository(database).spent_on(now.date()),
        "records for alerts": lambda: AlertRepository(database).records(now, now, login_attempts=5),
        "silent booths": lambda: EventRepository(database).list_silent(now),
        "photos to be made again": lambda: RerunQueue(database).list_left_photos(now),
        "bytes of the busiest hour": lambda: vitals.bytes_of_busiest_hour(now),
        "support bundle": lambda: SupportRepository(database).read(),
        "cleanup: expired objects": lambda: cleanup.list_expired_media(now, None, BATCH_SIZE),
        "cleanup: abandoned jobs": lambda: cleanup.list_abandoned_jobs(
            now, now, timedelta(seconds=60), None, BATCH_SIZE
        ),
        "cleanup: 500 objects that should be there": lambda: stored.list_stored(
            None, STORED_AT_ONCE
        ),
        "cleanup: all of them": lambda: _all_stored(stored),
    }


async def add_up(database: Database, now: datetime) -> None:
    """Add up for reports what cleanup has not yet; print how long it took."""
    cells, quarters, took = ReportCells(database), 0, [0.0]
    while True:
        begun = time.perf_counter()
        if not (number := await cells.keep(now, now - timedelta(days=KEPT_DAYS))):
            break
        took.append(time.perf_counter() - begun)
        quarters += number
    print(f"{quarters} quarters added up in {sum(took):.1f} s, slowest step {max(took):.2f} s")


async def _all_stored(stored: StoredMedia) -> int:
    last: MediaObject | None = None
    number = 0
    while True:
        batch = await stored.list_stored(last.media_id if last else None, STORED_AT_ONCE)
        number += len(batch)
        if len(batch) < STORED_AT_ONCE:
            return number
        last = batch[-1]


async def measure_background(database: Database, now: datetime) -> None:
    """Print how long each takes."""
    for name, ask in background(database, now).items():
        took = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            try:
                await ask()
            except asyncpg.PostgresError as error:
                name = f"{name}: {error}"
            took.append((time.perf_counter() - begun) * 1000)
            if took[-1] > ONCE_IS_ENOUGH_MS:
                break
        figures = " ".join(
            f"{figure:6.1f} ms" for figure in (min(took), statistics.median(took), max(took))
        )
        print(f"{figures}   {name}", flush=True)


async def prune_a_day(database: Database, now: datetime) -> None:
    """Delete what a day adds, as cleanup does; print how many rows a second that is."""
    # Jobs go by when their results expired.
    history = timedelta(days=DAYS - 1) - RESULT_LIFE
    repository = PruneRepository(database)
    for prune in list_prunes(now, history):
        rows, batches = 0, []
        while True:
            begun = time.perf_counter()
            number = await repository.delete(prune, BATCH_SIZE)
            batches.append((time.perf_counter() - begun) * 1000)
            rows += number
            if number < BATCH_SIZE:
                break
        seconds = sum(batches) / 1000
        print(
            f"{rows:8,} rows, {rows / seconds:6.0f} a second, slowest batch"
            f" {max(batches):6.1f} ms   cleanup: {prune.kind}",
            flush=True,
        )


async def run(url: str, directory: Path, arguments: argparse.Namespace) -> bool:
    """Fill what is empty, then measure."""
    database = await Database.open(url, max_size=8)
    await migrations.migrate(database, Clock())
    await give_password(database)
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM job_history)"):
            await fill(connection, arguments.jobs, datetime.now(UTC), click.echo)
        now = await connection.fetchval("SELECT max(started_at) FROM job_history")
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
    finally:
        await connection.close()
    print(f"{size / 1e9:.1f} GB")
    if arguments.fill_only:
        await database.close()
        return True
    await add_up(database, now)
    asked = [*questions(now), *await event_questions(url, now)]
    async with served(database, directory) as base_url:  # which closes it in the end
        good = await measure(base_url, asked)
    database = await Database.open(url, max_size=8)
    try:
        await measure_background(database, now)
        if arguments.prune:
            await prune_a_day(database, now)
    finally:
        await database.close()
    return good


def main() -> int:
    """Return 0 if every median is within the limit."""
    parser = argparse.ArgumentParser(prog="python -m bench.plenty", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="keep the database here for the next time")
    parser.add_argument("--fill-only", action="store_true")
    parser.add_argument("--prune", action="store_true", help="delete a day's rows at the end")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photobooth-bench-") as folder:
        directory = Path(folder)
        directory.chmod(0o711)
        postgres = arguments.folder or directory / "postgres"
        postgres.mkdir(parents=True, exist_ok=True)
        with EmbeddedPostgres(postgres, durable=False, settings=SERVER) as server:
            good = asyncio.run(run(server.url, directory, arguments))
    print(f"every median within {LIMIT_MS} ms: {'yes' if good else 'NO'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
