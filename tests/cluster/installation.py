"""Everything that a studio with several hosts runs, on loopback and in one folder."""

from __future__ import annotations

import asyncio
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self

import asyncpg
import bcrypt
import pytest

from photobooth_daemon.child_process import stop
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.database import migrations
from photobooth_daemon.database.binaries import find_binaries
from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_picture import EchoPainter
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.clusters import made_cluster
from tests.support.daemons import Daemon
from tests.support.haproxy import HAPROXY, Haproxy
from tests.support.object_store import (
    run_object_store,
    start_object_store,
    wait_until_listening,
)
from tests.support.postgres_pair import PostgresPair, open_pair
from tests.support.small_disk import SmallDisk, small_disk

HOSTS = ("a", "b", "c")
BOOTHS = tuple(f"slot-{number:03d}" for number in range(1, 16))
PASSWORD = "the cluster's own secret 7"
KEY = "AIza-a-key-of-the-cluster"
WINDOW_SECONDS = 20
PROVIDER_SECONDS = (0.3, 1.2)
NOTICE_SECONDS = 3
DISK_MB = 64
START_SECONDS = 300.0
"""How long whatever starts may take, on however busy a machine: no promise is about that."""

RECIPE = """
    UPDATE slot SET enabled = true, provider = 'gemini', operation = 'edit', params = $1
     WHERE slot_id = ANY($2)
"""


class Installation:
    """PostgreSQL twice, an object store, three daemons, HAProxy, a provider; ``async with`` it.

    Each daemon has a small disk of its own. They are started as systemd does it: each one's
    port is held by us and outlives it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts: dict[str, Daemon] = {}
        self.disks: dict[str, SmallDisk] = {}
        self.provider = FakeProvider(
            painter=EchoPainter(), delay_seconds=PROVIDER_SECONDS, keys={KEY}
        )
        self.doing = "nothing yet"
        """What is waited for, in words: it is told where it does not come."""
        self._stack = ExitStack()

    async def __aenter__(self) -> Self:
        if HAPROXY is None:
            raise SystemExit("haproxy is not installed: apt install haproxy")
        try:
            await self._start()
        except pytest.skip.Exception as missing:
            self._stack.close()
            raise SystemExit(str(missing)) from None
        except BaseException:
            self._stack.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stack.close()
        await self.provider.stop()

    async def _start(self) -> None:
        self.doing = "start PostgreSQL, primary and standby"
        (self.folder / "postgres").mkdir(mode=0o711)
        cluster = self._stack.enter_context(made_cluster(find_binaries(), _migrate))
        self.postgres: PostgresPair = self._stack.enter_context(
            open_pair(self.folder / "postgres", find_binaries(), cluster)
        )
        self.primary_url = self.postgres.primary.url
        await self.postgres.replicates(START_SECONDS)
        await self._set_up()
        self.doing = "start the object store"
        self._store_process, self._store = start_object_store(self.folder / "swift")
        self._stack.callback(self.stop_store)
        self.bucket = await self._store.new_bucket()
        (self.folder / "s3-secret").write_text(self.bucket.secret_key, "utf-8")
        self.provider.start()
        for name in HOSTS:
            self.hosts[name] = self._host(name)
            self._stack.callback(self.hosts[name].close)
            self.hosts[name].start()
        for name in HOSTS:
            await self.wait_until_ready(name)
        self.doing = "start HAProxy"
        ports = {name: daemon.port for name, daemon in self.hosts.items()}
        self.haproxy = Haproxy(self.folder, ports)
        self._stack.callback(self.haproxy.close)
        await self.wait_until_up()

    def _host(self, name: str) -> Daemon:
        place = self.folder / name
        place.mkdir()
        disk = self._stack.enter_context(small_disk(place / "disk", DISK_MB))
        self.disks[name] = disk
        toml = (
            '[server]\ntrusted_proxies = ["127.0.0.1"]\n'
            f'drain_notice_seconds = {NOTICE_SECONDS}\nhost_name = "{name}"\n'
            f'[providers.gemini]\nbase_url = "{self.provider.url}"\napi_key = "{KEY}"\n'
            f'[media]\nstore = "s3"\n{self._bucket_toml(self.bucket)}'
        )
        daemon = Daemon(
            place,
            self.postgres.url,
            toml,
            shared=self.folder / "keys",
            media_root=place / "disk",
        )
        daemon.place = disk.place
        return daemon

    def _bucket_toml(self, bucket: S3Config) -> str:
        return (
            f'[media.s3]\nendpoint = "{bucket.endpoint}"\nbucket = "{bucket.bucket}"\n'
            f'prefix = "{bucket.prefix}"\naccess_key = "{bucket.access_key}"\n'
            f'secret_key_file = "{self.folder}/s3-secret"\n'
        )

    async def _set_up(self) -> None:
        (self.folder / "keys").mkdir()
        stored = {"sync_response_seconds": WINDOW_SECONDS, "min_free_mb": 5}
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        await self.fetch("UPDATE setting SET ingest_password_hash = $1", hashed)
        await self.fetch("UPDATE setting SET stored = stored || $1", stored)
        await self.fetch(RECIPE, {"prompt": "Nothing at all."}, list(BOOTHS))

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        """Run a query on the primary of the moment, on a connection of its own."""
        connection = await asyncpg.connect(self.primary_url, timeout=30)
        try:
            await connection.set_type_codec(
                "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
            )
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    async def promote(self) -> None:
        """Make the standby the primary."""
        await self.postgres.promote()
        self.primary_url = self.postgres.standby.url

    def stop_store(self) -> None:
        """Stop the object store; what it holds stays."""
        stop(self._store_process, (signal.SIGTERM, 5.0))

    async def start_store(self) -> None:
        """Start it again."""
        self._store_process = run_object_store(self.folder / "swift", self._store)
        await asyncio.to_thread(wait_until_listening, self._store_process)

    async def wait_until_ready(self, name: str) -> None:
        """Wait until a host that is started takes photos."""
        self.doing = f"wait until host {name} is ready"
        await asyncio.to_thread(self.hosts[name].wait_until_ready, START_SECONDS)

    async def wait_until_up(self, *names: str) -> None:
        """Wait until HAProxy gives photos to these hosts, to all of them by default."""
        wanted = names or HOSTS
        self.doing = f"wait until HAProxy gives photos to {', '.join(wanted)} alone"
        wait = partial(self.haproxy.wait_until_up, *wanted, seconds=START_SECONDS)
        await asyncio.to_thread(wait)

    def logs(self) -> list[Path]:
        """Return where to look when something went wrong."""
        return [self.folder / "haproxy.log", *(self.folder / name for name in HOSTS)]


def _migrate(url: str) -> None:
    async def run() -> None:
        database = await Database.open(url, max_size=1)
        try:
            await migrations.migrate(database, Clock())
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()
