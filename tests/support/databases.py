"""Databases for tests on the session's server, one a test."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import asyncpg

from photobooth_daemon.database.embedded import EmbeddedPostgres

T = TypeVar("T")

SINCE_STRATEGIES = 15
LARGEST_TABLE_BYTES = 1_000_000
TABLES = """
    SELECT relname FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
SEQUENCES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'"
# Whatever is created, altered or granted leaves a row of another transaction in a catalogue.
CHANGED = "(SELECT (count(*), max(xmin::text::bigint))::text FROM {})"
CATALOGUES = (
    *("pg_class WHERE oid >= 16384", "pg_attribute WHERE attrelid >= 16384", "pg_attrdef"),
    *("pg_constraint", "pg_trigger", "pg_proc WHERE oid >= 16384", "pg_type WHERE oid >= 16384"),
    *("pg_namespace", "pg_default_acl", "pg_sequence"),
)
SHAPE = f"""
    SELECT {", ".join(CHANGED.format(catalogue) for catalogue in CATALOGUES)},
           (datdba, datacl, datallowconn, datconnlimit)::text,
           (SELECT array_agg(setconfig)::text FROM pg_db_role_setting WHERE setdatabase = db.oid),
           (SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relkind = 'r'
               AND pg_relation_size(oid) > {LARGEST_TABLE_BYTES})
      FROM pg_database AS db WHERE datname = current_database()
"""
TERMINATE = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1"
TERMINATE_SECONDS = 5.0


_numbers = itertools.count(1)


class Databases:
    """Lends a copy of a template to one test, and no test sees anything of another's.

    A copy that comes back as it was shaped gets its rows anew and another name, and is lent
    once more: a sixth of the work of a fresh one. One whose shape a test has changed, or that
    has grown, is dropped.
    """

    def __init__(self, server: EmbeddedPostgres, server_major: int, template: str) -> None:
        self.server = server
        self.server_major = server_major
        self.template = template
        # Since 15 every page of a copy goes through the log unless the files are asked for:
        # 0.16 s of the processor instead of 0.03.
        self._strategy = "STRATEGY FILE_COPY" if server_major >= SINCE_STRATEGIES else ""
        self._names = (f"test_{number}" for number in _numbers)
        self._ready: list[str] = []
        self._shapes: dict[str, tuple[Any, ...]] = {}
        self._loop = asyncio.new_event_loop()
        self._control = self._run(asyncpg.connect(server.url_of("postgres")))
        self._fresh_rows = self._run(self._rows_of_template())

    def close(self) -> None:
        """Let go of the server; its databases end with it."""
        self._run(self._control.close())
        self._loop.close()

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """Give the address of a migrated and seeded database, which is nobody else's meanwhile."""
        name = self._ready.pop() if self._ready else self._run(self._copied())
        try:
            yield self.server.url_of(name)
        finally:
            self._run(self._take_back(name))

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Give the address of a database without a schema, which is gone after the block."""
        with self.copy_of("template0") as url:
            yield url

    @contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """Give the address of a copy of a database that nobody uses, gone after the block."""
        name = self._run(self._created(template))
        try:
            yield self.server.url_of(name)
        finally:
            self._run(self._drop(name))

    async def _created(self, template: str) -> str:
        name = next(self._names)
        await self._control.execute(f"CREATE DATABASE {name} TEMPLATE {template} {self._strategy}")
        return name

    async def _drop(self, name: str) -> None:
        await self._control.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _copied(self) -> str:
        name = await self._created(self.template)
        connection = await asyncpg.connect(self.server.url_of(name))
        self._shapes[name] = tuple(await connection.fetchrow(SHAPE))
        await connection.close()
        return name

    async def _take_back(self, name: str) -> None:
        """Make the database ready for the next test, or drop it."""
        shape = self._shapes.pop(name)
        again = next(self._names)
        try:
            await self._empty(name)
            # A process that a test has forgotten finds its database no more.
            await self._control.execute(f"ALTER DATABASE {name} RENAME TO {again}")
        except asyncpg.PostgresError:  # it is in use still, or the test has dropped it
            await self._drop(name)
            return
        if await self._is_renewed(again, shape):
            self._shapes[again] = shape
            self._ready.append(again)
        else:
            await self._drop(again)

    async def _empty(self, name: str) -> None:
        """Wait until nobody is connected, and end whoever still is.

        PostgreSQL's own waiting, in RENAME as well, looks every tenth of a second.
        """
        give_up_at = time.monotonic() + TERMINATE_SECONDS
        while (  # noqa: ASYNC110 - the server tells nobody
            await self._control.fetchval(TERMINATE, name) and time.monotonic() < give_up_at
        ):
            await asyncio.sleep(0.002)

    async def _is_renewed(self, name: str, shape: tuple[Any, ...]) -> bool:
        try:
            connection = await asyncpg.connect(self.server.url_of(name))
        except asyncpg.PostgresError:  # a test lets nobody in any more
            return False
        try:
            if tuple(await connection.fetchrow(SHAPE)) != shape:
                return False
            await connection.execute(self._fresh_rows)
            return True
        finally:
            await connection.close()

    async def _rows_of_template(self) -> str:
        """Return what empties every table and puts the template's rows back."""
        connection = await asyncpg.connect(self.server.url_of(self.template))
        # Neither triggers nor foreign keys have a say: all of it is changed in one transaction.
        statements = ["SET session_replication_role = replica"]
        for (table,) in await connection.fetch(TABLES):
            statements.append(f"DELETE FROM {table}")
            rows = await connection.fetchval(f"SELECT json_agg(kept) FROM {table} AS kept")
            if rows is not None:
                columns = await connection.fetchval(COLUMNS, table)
                quoted = rows.replace("'", "''")
                statements.append(
                    f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}"
                    f" FROM json_populate_recordset(NULL::{table}, '{quoted}')"
                )
        for (sequence,) in await connection.fetch(SEQUENCES):
            last, is_called = await connection.fetchrow(
                f"SELECT last_value, is_called FROM {sequence}"
            )
            statements.append(f"SELECT setval('{sequence}', {last}, {str(is_called).lower()})")
        await connection.close()
        return ";\n".join(statements)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the work, whether or not a loop runs in this thread."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._loop.run_until_complete, work).result()
