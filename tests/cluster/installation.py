"""Everything that a studio with several hosts runs, on loopback and in one folder."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import asyncpg
import bcrypt

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_picture import EchoPainter
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.daemons import Daemon
from tests.support.haproxy import HAPROXY, Haproxy

HOSTS = ("a", "b", "c")
BOOTHS = tuple(f"slot-{number:03d}" for number in range(1, 16))
PASSWORD = "the cluster's own secret 7"
KEY = "AIza-a-key-of-the-cluster"
WINDOW_SECONDS = 20
PROVIDER_SECONDS = (0.3, 1.2)
NOTICE_SECONDS = 3

RECIPE = """
    UPDATE slot SET enabled = true, provider = 'gemini', operation = 'edit', params = $1
     WHERE slot_id = ANY($2)
"""


class Installation:
    """PostgreSQL, three daemons, HAProxy and a provider; ``async with`` it.

    Daemons are started as systemd does it: each one's port is held by us and outlives it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.media_root = folder / "shared/media"
        self.hosts: dict[str, Daemon] = {}
        self.provider = FakeProvider(
            painter=EchoPainter(), delay_seconds=PROVIDER_SECONDS, keys={KEY}
        )
        self._stack = ExitStack()

    async def __aenter__(self) -> Self:
        if HAPROXY is None:
            raise SystemExit("haproxy is not installed: apt install haproxy")
        try:
            await self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stack.close()
        await self.provider.stop()

    async def _start(self) -> None:
        postgres = self._stack.enter_context(
            EmbeddedPostgres(self.folder / "postgres", durable=False)
        )
        self.database_url = postgres.url
        await self._set_up(postgres.url)
        provider_url = self.provider.start()
        for name in HOSTS:
            self.hosts[name] = self._host(name, provider_url)
            self._stack.callback(self.hosts[name].close)
            self.hosts[name].start()
        for daemon in self.hosts.values():
            await asyncio.to_thread(daemon.wait_until_ready)
        ports = {name: daemon.port for name, daemon in self.hosts.items()}
        self.haproxy = Haproxy(self.folder, ports)
        self._stack.callback(self.haproxy.close)
        await asyncio.to_thread(self.haproxy.wait_until_up, *HOSTS)

    def _host(self, name: str, provider_url: str) -> Daemon:
        place = self.folder / name
        place.mkdir()
        toml = (
            '[server]\ntrusted_proxies = ["127.0.0.1"]\n'
            f"drain_notice_seconds = {NOTICE_SECONDS}\n"
            f'[providers.gemini]\nbase_url = "{provider_url}"\napi_key = "{KEY}"\n'
        )
        return Daemon(place, self.database_url, toml, shared=self.folder / "shared")

    async def _set_up(self, url: str) -> None:
        (self.folder / "shared").mkdir()
        database = await Database.open(url, max_size=1)
        try:
            await migrations.migrate(database, Clock())
        finally:
            await database.close()
        stored = {"sync_response_seconds": WINDOW_SECONDS, "min_free_mb": 5}
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        await self.fetch("UPDATE setting SET ingest_password_hash = $1", hashed)
        await self.fetch("UPDATE setting SET stored = stored || $1", stored)
        await self.fetch(RECIPE, {"prompt": "Nothing at all."}, list(BOOTHS))

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        """Run a query on the primary, on a connection of its own."""
        connection = await asyncpg.connect(self.database_url, timeout=30)
        try:
            await connection.set_type_codec(
                "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
            )
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    async def leave_alone(self, name: str) -> None:
        """Stop every host and start this one: it sweeps what a killed one left in scratch.

        Beside others it would wait until that is five minutes old.
        """
        for daemon in self.hosts.values():
            await asyncio.to_thread(daemon.stop)
        self.hosts[name].start()
        await asyncio.to_thread(self.hosts[name].wait_until_ready)

    async def wait_until_up(self, *names: str) -> None:
        """Wait until HAProxy gives photos to these hosts, to all of them by default."""
        await asyncio.to_thread(self.haproxy.wait_until_up, *(names or HOSTS))
