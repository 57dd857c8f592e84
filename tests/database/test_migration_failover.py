"""The primary dies in the middle of a migration, and the standby is promoted."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.migrations import Migration
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import DatabaseUnavailable, SchemaMismatch
from tests.support.fakes import eventually
from tests.support.postgres_pair import PostgresPair, lose_by_kill

NUMBER = 9000
TABLE = "CREATE TABLE half_done (number integer);"
FIRST = Migration(NUMBER - 1, "one_before", "CREATE TABLE one_before (number integer);")
SLOW = Migration(NUMBER, "slow", f"{TABLE} SELECT pg_sleep(60);")
QUICK = Migration(NUMBER, "slow", TABLE)
SLEEPS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
THERE = "SELECT to_regclass('one_before') IS NOT NULL, to_regclass('half_done') IS NOT NULL"


@pytest.mark.timeout(seconds=180)
async def test_what_was_begun_is_undone_and_done_by_the_next_run(
    postgres_pair: PostgresPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    await postgres_pair.replicates()
    known = migrations.list_migrations()
    monkeypatch.setattr(migrations, "list_migrations", lambda: [*known, FIRST, SLOW])
    database = await Database.open(postgres_pair.url, max_size=2)
    try:
        migrating = asyncio.create_task(migrations.migrate(database, Clock()))
        await in_the_middle(postgres_pair.primary.url)
        await lose_by_kill(postgres_pair)
        await postgres_pair.promote()
        with pytest.raises(DatabaseUnavailable):
            await migrating

        # Whoever starts meanwhile is told what to do, on the server that takes writes now.
        monkeypatch.setattr(migrations, "list_migrations", lambda: [*known, FIRST, QUICK])
        with pytest.raises(SchemaMismatch, match="photoboothctl migrate"):
            await migrations.check(database)
        left = await is_there(database)
        assert left[1] is False, "nothing is half done"
        applied = await migrations.migrate(database, Clock())
        assert applied == ([QUICK] if left[0] else [FIRST, QUICK])
        assert await is_there(database) == (True, True)
        assert await migrations.migrate(database, Clock()) == []
        await migrations.check(database)
    finally:
        await database.close()


async def in_the_middle(url: str) -> None:
    """Wait until the slow migration has made its table and goes on."""
    connection = await asyncpg.connect(url)
    try:

        async def sleeps() -> bool:
            return bool(await connection.fetchval(SLEEPS))

        await eventually(sleeps)
    finally:
        await connection.close()


async def is_there(database: Database) -> tuple[bool, bool]:
    async with database.connection() as connection:
        return tuple(await connection.fetchrow(THERE))
