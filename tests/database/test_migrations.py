"""Which servers a schema is brought to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import SchemaMismatch
from photobooth_daemon.model import Settings
from photobooth_daemon.repositories.settings import SettingsRepository
from tests.support.databases import Databases
from tests.support.housekeeping import value


async def test_a_server_that_is_too_old_is_refused_before_anything_is_made(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(empty_database_url, max_size=1)
    monkeypatch.setattr(migrations, "OLDEST_SERVER_MAJOR", 99)
    try:
        with pytest.raises(SchemaMismatch, match="needs 99 or newer"):
            await migrations.migrate(database, Clock())
        assert await value(database, "SELECT to_regclass('schema_migration')") is None
    finally:
        await database.close()


@pytest.fixture(scope="module")
def older(databases: Databases) -> Iterator[str]:
    """The name of a database as it was before the new default."""
    every = migrations.list_migrations()
    new = next(n for n, one in enumerate(every) if one.name == "more_calls_at_once")

    async def make(url: str) -> None:
        database = await Database.open(url, max_size=1)
        await migrations.migrate(database, Clock())
        await database.close()

    with databases.empty() as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "list_migrations", lambda: every[:new])
        with ThreadPoolExecutor(1) as thread:  # a loop of its own leaves the tests theirs
            thread.submit(asyncio.run, make(url)).result()
        patch.undo()
        yield urlsplit(url).path[1:]


async def upgraded(url: str, *statements: str) -> Settings:
    """Run the statements on the schema before the new default, migrate, return the settings."""
    database = await Database.open(url, max_size=1)
    try:
        async with database.connection() as connection:
            for statement in statements:
                await connection.execute(statement)
        await migrations.migrate(database, Clock())
        return (await SettingsRepository(database).get()).values
    finally:
        await database.close()


USED = "UPDATE setting SET version = 7, updated_by = 'serg'"
STORED = """UPDATE setting SET stored = stored || '{{"provider_concurrency": {}}}'"""
CHOSEN = """
INSERT INTO audit_log (audit_id, at, actor, action, entity, before, after, digest)
VALUES ({}, now(), 'serg', 'settings.update', 'settings', '{{"provider_concurrency": 12}}',
        '{{"provider_concurrency": {}}}', '')
"""


@pytest.mark.parametrize(
    ("statements", "value", "said"),
    [
        ([], 30, ""),
        ([USED], 30, "is raised from 8 to 30"),
        ([USED, STORED.format(8)], 30, "is raised from 8 to 30"),
        ([USED, CHOSEN.format(1, 8)], 8, "stays 8"),
        ([USED, CHOSEN.format(1, 8), CHOSEN.format(2, 12), STORED.format(12)], 12, ""),
        ([USED, CHOSEN.format(1, 12), STORED.format(12)], 12, ""),
    ],
)
async def test_a_new_default_is_for_those_who_never_chose(
    databases: Databases,
    older: str,
    caplog: pytest.LogCaptureFixture,
    statements: list[str],
    value: int,
    said: str,
) -> None:
    with databases.copy_of(older) as url:
        settings = await upgraded(url, *statements)
    assert settings.provider_concurrency == value
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert all(said in message for message in messages)
    assert len(messages) == bool(said)
    caplog.clear()
