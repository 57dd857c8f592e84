"""Indexes over all photos are built while photos come, and again where a run was killed."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import asyncpg
import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.advisory_lock import AdvisoryLock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import SchemaMismatch
from tests.support.fakes import eventually
from tests.support.housekeeping import insert_job, insert_media, value
from tests.support.upgrades import has_migrated, older, start_migrate

FIRST_OUTSIDE = 20
"""The number of the first migration that builds indexes outside a transaction."""
INDEX = "media_object_stored"
HALF_BUILT = f"SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{INDEX}')"
BUILDER = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%'"
BUILDER += " AND datname = current_database()"
WAITS_FOR_ITS_TURN = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)
"""
INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
WRITES = "LOCK TABLE media_object IN ROW EXCLUSIVE MODE"
"""What every insert holds until its transaction ends: no index is built before."""


async def migrated(url: str) -> str:
    return await has_migrated(start_migrate(url))


async def take_a_photo(database: Database) -> None:
    now = datetime.now(UTC)
    job_id = await insert_job(database, now, "done", expires_at=now)
    await insert_media(database, job_id, "result", now)


@pytest.mark.parametrize("killed", ["the program", "the server's side, too"])
async def test_a_build_that_is_killed_is_done_by_the_next_run(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    async with older(empty_database_url, monkeypatch, FIRST_OUTSIDE) as database:
        await take_a_photo(database)
        writer = await asyncpg.connect(empty_database_url)
        await writer.execute("BEGIN")
        await writer.execute(WRITES)
        process = start_migrate(empty_database_url)
        await eventually(lambda: value(database, HALF_BUILT), seconds=60)
        # Nobody who writes waits for it.
        await take_a_photo(database)
        process.kill()
        assert process.wait() < 0
        builder = await value(database, BUILDER)
        if killed != "the program":
            assert await value(database, "SELECT pg_terminate_backend($1)", builder)
            await eventually(lambda: _is_gone(database, builder), seconds=30)
            assert await value(database, HALF_BUILT)
        assert await value(database, "SELECT max(number) FROM schema_migration") < FIRST_OUTSIDE
        await writer.execute("COMMIT")
        await writer.close()

        said = await migrated(empty_database_url)
        assert ("was left half built" in said) == (killed != "the program")
        assert await value(database, INVALID) == 0
        assert await value(database, HALF_BUILT) is False
        await migrations.check(database)
        assert "Nothing to do" in await migrated(empty_database_url)


async def _is_gone(database: Database, pid: int) -> bool:
    return not await value(
        database, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", pid
    )


async def test_an_older_version_that_waits_for_its_turn_keeps_no_index_from_being_built(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with older(empty_database_url, monkeypatch, FIRST_OUTSIDE) as database:
        writer, old = [await asyncpg.connect(empty_database_url) for _ in range(2)]
        await writer.execute("BEGIN")
        await writer.execute(WRITES)
        migration = asyncio.create_task(migrations.migrate(database, Clock()))
        await eventually(lambda: value(database, HALF_BUILT), seconds=60)
        await old.execute("BEGIN")
        await old.execute("SET LOCAL lock_timeout = '3s'")
        waiting = asyncio.create_task(
            old.execute(f"SELECT pg_advisory_xact_lock({AdvisoryLock.MIGRATION:d})")
        )
        await eventually(
            lambda: value(database, WAITS_FOR_ITS_TURN),
            seconds=30,
        )
        await writer.execute("COMMIT")
        with pytest.raises((asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)):
            await waiting
        await old.close()
        await writer.close()
        await migration
        assert await value(database, INVALID) == 0
        await migrations.check(database)


async def test_hosts_that_migrate_at_once_do_it_once(empty_database_url: str) -> None:
    hosts = [await Database.open(empty_database_url, max_size=1) for _ in range(3)]
    try:
        done = await asyncio.gather(*(migrations.migrate(host, Clock()) for host in hosts))
        numbers = sorted(migration.number for applied in done for migration in applied)
        assert numbers == [migration.number for migration in migrations.list_migrations()]
    finally:
        for host in hosts:
            await host.close()


async def test_a_text_that_came_to_the_same_is_known_and_no_other(database: Database) -> None:
    formers = {m.number: m.digests - {m.digest} for m in migrations.list_migrations()}
    number, former = next((n, one) for n, digests in formers.items() for one in digests)
    note = "WITH noted AS (UPDATE schema_migration SET digest = $2 WHERE number = $1) SELECT 1"
    await value(database, note, number, former)
    await migrations.check(database)
    assert await migrations.migrate(database, Clock()) == []
    await value(database, note, number, former[::-1])
    with pytest.raises(SchemaMismatch, match="was edited"):
        await migrations.check(database)


@pytest.mark.parametrize("migration", migrations.list_migrations(), ids=lambda m: m.name)
def test_what_is_built_over_all_photos_is_built_while_they_come(
    migration: migrations.Migration,
) -> None:
    if migration.number < FIRST_OUTSIDE:
        return  # it was released, and runs on an empty history by now
    new_tables = set(re.findall(r"CREATE TABLE (\w+)", migration.sql))
    for while_they_come, table in re.findall(
        r"CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?\w+ ON (\w+)", migration.sql
    ):
        assert table in new_tables or (while_they_come and migration.is_outside), table
