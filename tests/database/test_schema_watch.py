"""A database that comes late: with the right schema, being set up, or with another's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations, schema_watch
from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import SchemaMismatch


@pytest.fixture
def empty_database(io_loop: IOLoop, empty_database_url: str) -> Iterator[Database]:
    opened: Database = io_loop.run_sync(lambda: Database.open(empty_database_url, max_size=2))
    yield opened
    io_loop.run_sync(opened.close)


async def test_a_migrated_database_is_ours(database: Database) -> None:
    assert await schema_watch.is_ours(database)
    await schema_watch.wait_until_ours(database)


async def test_another_schema_is_named(empty_database: Database) -> None:
    with pytest.raises(SchemaMismatch, match="photoboothctl migrate"):
        await schema_watch.is_ours(empty_database)
    with pytest.raises(SchemaMismatch):
        await schema_watch.wait_until_ours(empty_database, setup_seconds=0.1)


async def test_a_database_being_set_up_is_waited_for(empty_database: Database) -> None:
    waiting = asyncio.create_task(schema_watch.wait_until_ours(empty_database))
    await asyncio.sleep(0)
    await migrations.migrate(empty_database, Clock())
    await asyncio.wait_for(waiting, 30)


async def test_one_that_is_not_there_is_no_reason_to_end(postgres: EmbeddedPostgres) -> None:
    database = await Database.open(postgres.url_of("nobody_made_this"), min_size=0)
    try:
        assert not await schema_watch.is_ours(database)
    finally:
        await database.close()
