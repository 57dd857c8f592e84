"""A pooler that gives the statements of a session to different servers is refused by name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import UnsuitablePooler
from tests.support.commands import Commands
from tests.support.daemons import Daemon
from tests.support.pooler import fake_pooler


async def test_shared_servers_are_refused(database_url: str) -> None:
    async with fake_pooler(database_url) as url:
        with pytest.raises(UnsuitablePooler, match="pool_mode = session"):
            await Database.open(url)
        with pytest.raises(UnsuitablePooler):
            await Database.open(url, min_size=0)


async def test_the_daemon_does_not_start(database_url: str, tmp_path: Path) -> None:
    async with fake_pooler(database_url) as url:
        daemon = Daemon(tmp_path, url)
        try:
            process = daemon.start()
            assert await asyncio.to_thread(process.wait, 60) == 78
            assert "database.url: leads to a pooler" in daemon.log()
        finally:
            daemon.close()


async def test_check_names_it_and_the_way_out(database_url: str, tmp_path: Path) -> None:
    async with fake_pooler(database_url) as url:
        commands = Commands(url, tmp_path)
        result = await asyncio.to_thread(commands.run, "check", "--locale", "en")
    assert result.exit_code == 1
    assert "a pooler in transaction mode (PgBouncer)" in result.output
    assert "set pool_mode = session in PgBouncer" in result.output
