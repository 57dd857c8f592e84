"""A database that was lent before shows nothing of it: the tests stand on this."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import asyncpg
import pytest

from tests.support.databases import Databases

Lend = Callable[[], AbstractContextManager[str]]
CONTENTS = """
    SELECT (SELECT json_agg(s ORDER BY slot_id) FROM slot AS s)::text,
           (SELECT json_agg(s) FROM setting AS s)::text,
           (SELECT json_agg(h) FROM audit_head AS h)::text,
           (SELECT count(*) FROM cleanup_run), (SELECT count(*) FROM audit_log)
"""
NEXT_RUN = "INSERT INTO cleanup_run (started_at) VALUES (now()) RETURNING run_id"
DATABASE = "SELECT oid FROM pg_database WHERE datname = current_database()"


@pytest.fixture
def own(databases: Databases) -> Iterator[Databases]:
    """Databases of this test alone, of which each is lent to it again."""
    made = Databases(databases.server, databases.server_major, databases.template)
    yield made
    made.close()


def ask(url: str, *statements: str) -> Any:
    """Run statements and return the last one's row."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            *first, last = statements
            for statement in first:
                await connection.execute(statement)
            return tuple(await connection.fetchrow(last) or ())
        finally:
            await connection.close()

    return asyncio.run(run())


def test_rows_are_as_the_migrations_left_them(own: Databases) -> None:
    with own.migrated() as url:
        fresh, database = ask(url, CONTENTS), ask(url, DATABASE)
        changes = (
            "UPDATE slot SET display_name = 'x', version = 7 WHERE slot_id = 'slot-003'",
            "DELETE FROM setting",
            "UPDATE audit_head SET audit_id = 9",
        )
        assert ask(url, *changes, NEXT_RUN) == (1,)
        assert ask(url, CONTENTS) != fresh
    with own.migrated() as again:
        assert again != url
        assert ask(again, DATABASE) == database
        assert ask(again, CONTENTS) == fresh
        assert ask(again, NEXT_RUN) == (1,), "the numbers begin anew"


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX job_history_newest",
        "ALTER TABLE audit_log DISABLE TRIGGER USER",
        "ALTER TABLE slot ADD COLUMN colour text",
        "ALTER TABLE setting DROP COLUMN stored",
        "CREATE TABLE more (id int)",
        "GRANT SELECT ON slot TO PUBLIC",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TRUNCATE slot CASCADE",
        "DO $$BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET jit = on'; END$$",
        "INSERT INTO live_message (kind, data, at)"
        " SELECT 'job', '{}', now() FROM generate_series(1, 20000)",
    ],
)
def test_a_changed_shape_is_nobody_else_s(own: Databases, change: str) -> None:
    with own.migrated() as url:
        (database,) = ask(url, DATABASE)
        ask(url, change, "SELECT 1")
    with own.migrated() as other:
        assert ask(other, DATABASE) != (database,)


def test_one_that_is_gone_is_replaced(own: Databases) -> None:
    with own.migrated() as url:
        own.server.execute(f"DROP DATABASE {url.rpartition('/')[2].partition('?')[0]}")
    with own.migrated() as other:
        assert len(ask(other, CONTENTS)) == 5


async def test_whoever_is_still_connected_is_cut_off(own: Databases) -> None:
    lent = own.migrated()
    url = lent.__enter__()
    forgotten = await asyncpg.connect(url)
    await forgotten.execute("BEGIN; UPDATE slot SET version = 99")
    lent.__exit__(None, None, None)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await forgotten.execute("COMMIT")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(url)
    with own.migrated() as other:
        connection = await asyncpg.connect(other)
        assert await connection.fetchval("SELECT max(version) FROM slot") == 1
        await connection.close()
