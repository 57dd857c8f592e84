"""One backup at a time in the whole installation, and no restore under a daemon elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.repositories.backups import BackupRepository
from tests.support.commands import Commands
from tests.support.housekeeping import value

EXIT_FAILED = 1


@pytest.fixture
def commands(database_url: str, tmp_path: Path) -> Commands:
    (tmp_path / "media").mkdir()
    directory = str(tmp_path / "backups")
    return Commands(database_url, tmp_path, PHOTOBOOTH_BACKUP__DIRECTORY=directory)


def the_backup(tmp_path: Path) -> str:
    return str(next(p for p in (tmp_path / "backups").iterdir() if p.name[0] != "."))


def test_while_one_is_at_work_on_another_host_there_is_no_second(
    io_loop: IOLoop, database: Database, commands: Commands, tmp_path: Path
) -> None:
    async def elsewhere() -> tuple[str, str]:
        repository = BackupRepository(database)
        async with repository.only_one() as alone:
            assert alone
            assert await repository.is_at_work()
            backup = await asyncio.to_thread(commands.run, "backup")
            restore = await asyncio.to_thread(commands.run, "restore", made, "--replace")
        assert (backup.exit_code, restore.exit_code) == (EXIT_FAILED, EXIT_FAILED)
        assert not await repository.is_at_work()
        return backup.output, restore.output

    commands.good("backup")
    made = the_backup(tmp_path)
    backup, restore = io_loop.run_sync(elsewhere)
    assert "on this host or on another one" in backup
    assert "A backup is at work" in restore
    # Nothing failed: the other one is what was wanted.
    runs = io_loop.run_sync(lambda: value(database, "SELECT count(*) FROM backup_run"))
    assert runs == 1


def test_no_restore_under_a_daemon_of_another_host(
    io_loop: IOLoop, database: Database, commands: Commands, tmp_path: Path
) -> None:
    commands.good("backup")
    seen = (
        "INSERT INTO daemon_process"
        " (process_id, host, pid, version, config_digest, started_at, seen_at)"
        " VALUES ($1, 'upstairs', 7, '1', 'x', now(), now() - $2::interval) RETURNING 1"
    )

    async def show(age: str) -> None:
        async with database.connection() as connection:
            await connection.execute("DELETE FROM daemon_process")
            await connection.execute(seen.replace("$2::interval", f"interval '{age}'"), uuid4())

    io_loop.run_sync(lambda: show("10 seconds"))
    refused = commands.run("restore", the_backup(tmp_path), "--replace")
    assert refused.exit_code == EXIT_FAILED
    assert "runs on upstairs" in refused.output
    io_loop.run_sync(lambda: show("2 minutes"))
    assert commands.run("restore", the_backup(tmp_path), "--replace").exit_code == 0
