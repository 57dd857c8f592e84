"""A primary and its synchronous standby, to be killed, frozen and promoted."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg

from photobooth_daemon.database.binaries import PostgresBinaries
from photobooth_daemon.database.embedded import EmbeddedPostgres
from tests.support.clusters import copy_cluster
from tests.support.fakes import eventually


class StandbyPostgres(EmbeddedPostgres):
    """A server that has its databases from its primary."""

    def _create_database(self) -> None:
        return


class PostgresPair:
    """``primary`` and ``standby``: every commit is on both before it is acknowledged."""

    def __init__(self, primary: EmbeddedPostgres, standby: EmbeddedPostgres) -> None:
        self.primary = primary
        self.standby = standby
        self.urls = (primary.url, standby.url)

    @property
    def url(self) -> str:
        """The address of both, which stays what it was when one is gone."""
        start, _, end = self.urls[0].partition("&port")
        other = self.urls[1].partition("?host=")[2].partition("&")[0]
        return f"{start},{other}&port{end}"

    async def replicates(self, seconds: float = 30) -> None:
        """Wait until the standby follows, and the primary waits for it at each commit."""

        async def is_synchronous() -> bool:
            connection = await asyncpg.connect(self.primary.url)
            try:
                state = await connection.fetchval("SELECT sync_state FROM pg_stat_replication")
            finally:
                await connection.close()
            return bool(state == "sync")

        await eventually(is_synchronous, seconds=seconds, every_seconds=0.1)

    async def promote(self) -> None:
        """Make the standby a primary; return when it takes writes."""
        connection = await asyncpg.connect(self.standby.url)
        try:
            assert await connection.fetchval("SELECT pg_promote(true, 30)")
        finally:
            await connection.close()


@contextmanager
def open_pair(directory: Path, binaries: PostgresBinaries, cluster: Path) -> Iterator[PostgresPair]:
    """Run a pair, each on a copy of a cluster."""
    places = {name: directory / name for name in ("a", "b")}
    for place in places.values():
        place.mkdir(mode=0o711)
        copy_cluster(cluster, place)
    # Only the first primary waits for a standby: a promoted one has none.
    primary = EmbeddedPostgres(
        places["a"],
        binaries=binaries,
        durable=False,
        settings={"synchronous_standby_names": "b"},
    )
    standby = StandbyPostgres(places["b"], binaries=binaries, durable=False)
    try:
        primary.start()
        _follow(places["b"] / "data", primary.url)
        standby.start()
        yield PostgresPair(primary, standby)
    finally:
        for server in (primary, standby):
            send_to_all(server, signal.SIGCONT)
            server.stop()


def kill(server: EmbeddedPostgres) -> None:
    """``kill -9`` the server; its backends end when they notice."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()


def send_to_all(server: EmbeddedPostgres, number: signal.Signals) -> None:
    """Send a signal to the server and every one of its backends."""
    if server.pid is None:
        return
    with suppress(ProcessLookupError):
        os.kill(server.pid, number)
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == server.pid:
                    os.kill(int(entry.name), number)


def _follow(data_dir: Path, primary_url: str) -> None:
    """Let the copy follow the primary when it starts."""
    socket_dir = primary_url.partition("?host=")[2].partition("&")[0].replace("%2F", "/")
    owner = data_dir.stat()
    with (data_dir / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.write(
            f"primary_conninfo = 'host={socket_dir} port=5432 user=photobooth application_name=b'\n"
        )
    signal_file = data_dir / "standby.signal"
    signal_file.touch()
    os.chown(signal_file, owner.st_uid, owner.st_gid)


OnPrimary = Callable[[PostgresPair], Awaitable[None]]


async def lose_by_kill(pair: PostgresPair) -> None:
    """The primary dies: connections are cut, new ones refused."""
    kill(pair.primary)


async def lose_by_freeze(pair: PostgresPair) -> None:
    """The primary hangs: nothing is cut, nothing is answered."""
    send_to_all(pair.primary, signal.SIGSTOP)
