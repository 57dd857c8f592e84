"""What a photo asks PostgreSQL for, counted from the server's own log, and what scale.md says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from tornado.ioloop import IOLoop

from bench.replay import PREFIX, Asked, read
from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.database.pool import Database
from tests.support.booth import SLOT, Booth
from tests.support.fakes import eventually

PHOTOS = 5
SCALE = Path(__file__).parents[2] / "docs/scale.md"
WORDS = {"three": 3, "four": 4, "five": 5, "six": 6}


class Log:
    """The server's log, where every statement is written down with its values."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._path = Path()
        self._begun = 0

    async def begin(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(f"ALTER SYSTEM SET log_line_prefix = '{PREFIX}'")
            await connection.execute("ALTER SYSTEM SET log_statement = 'all'")
            await connection.execute("SELECT pg_reload_conf()")
            await eventually(lambda: self._takes_down(connection))
            data = await connection.fetchval("SHOW data_directory")
        finally:
            await connection.close()
        self._path = Path(data).with_name("postgres.log")
        self._begun = self._path.stat().st_size

    async def _takes_down(self, connection: asyncpg.Connection) -> bool:
        return bool(await connection.fetchval("SHOW log_statement") == "all")

    def read(self) -> list[Asked]:
        with self._path.open("rb") as log:
            log.seek(self._begun)
            return read(log.read().decode())


@pytest.fixture
def logged_booth(
    io_loop: IOLoop, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> Iterator[tuple[Booth, Log]]:
    database = io_loop.run_sync(lambda: Database.open(own_postgres.url, max_size=4))
    booth = io_loop.run_sync(lambda: Booth.open(database, tmp_path))
    yield booth, Log(own_postgres.url)
    io_loop.run_sync(booth.close)
    io_loop.run_sync(database.close)


def of_photo(asked: list[Asked], job_id: str) -> list[Asked]:
    """Return what was asked for one photo, with the beginning and the end of each transaction."""
    own: list[Asked] = []
    opened: dict[int, Asked] = {}
    for one in asked:
        word = one.shape.rstrip(";")
        if word == "BEGIN":
            opened[one.connection] = one
        elif any(job_id in value for value in one.values):
            own += [begin] if (begin := opened.pop(one.connection, None)) else []
            own.append(one)
    return own


async def test_a_photo_takes_as_many_statements_as_scale_md_says(
    logged_booth: tuple[Booth, Log],
) -> None:
    booth, log = logged_booth
    await booth.post()  # the first one has caches to fill
    await log.begin()
    job_ids = [str((await booth.post()).json()["job_id"]) for _ in range(PHOTOS)]
    asked = log.read()
    admitted = [one for one in asked if SLOT in "".join(one.values) and "FROM slot" in one.shape]
    own = {job_id: of_photo(asked, job_id) for job_id in job_ids}
    counts = Counter(len(statements) for statements in own.values())
    told = re.search(r"a photo\s+makes (\w+)", SCALE.read_text("utf-8"))
    assert told is not None
    assert counts == {WORDS[told[1]] - 1: PHOTOS}, [one.shape[:90] for one in own[job_ids[0]]]
    assert len(admitted) == PHOTOS, [one.shape[:90] for one in admitted]
