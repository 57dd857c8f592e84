"""What a restore refuses, before anything has changed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import BackupFailed, ToolFailed
from photobooth_daemon.media.in_use import TreeUse
from tests.support.backed_up_machine import Machine
from tests.support.booth import Booth
from tests.support.housekeeping import value


async def test_a_machine_in_use_is_not_restored_into(database: Database, machine: Machine) -> None:
    report = await machine.backup(database).run(machine.backups, keep=2)
    daemon = TreeUse(machine.directory / "media")
    (machine.directory / "media").mkdir(exist_ok=True)
    daemon.share()
    with pytest.raises(BackupFailed, match="daemon runs"):
        await machine.restore(database, report.path)
    daemon.let_go()
    async with database.connection() as connection:
        await connection.execute("UPDATE slot SET version = 2 WHERE slot_id = 'slot-001'")
    with pytest.raises(BackupFailed, match="--replace"):
        await machine.restore(database, report.path)
    await machine.restore(database, report.path, replace=True)
    version = "SELECT version FROM slot WHERE slot_id = 'slot-001'"
    assert await value(database, version) == 1


async def test_a_damaged_backup_changes_nothing(
    database: Database, empty_database: Database, machine: Machine
) -> None:
    report = await machine.backup(database).run(machine.backups, keep=2)

    def tell(backup: Path, **lie: Any) -> None:
        manifest = backup / "manifest.json"
        text = json.dumps({**json.loads(manifest.read_text()), **lie})
        manifest.write_text(text)
        machine.seal.put(backup, text.encode())

    damages: dict[str, Callable[[Path], Any]] = {
        "dump": lambda backup: (backup / "database.dump").write_bytes(b"PGDMP rubbish"),
        "manifest": lambda backup: (backup / "manifest.json").unlink(),
        "newer": lambda backup: tell(backup, migrations=[1, 9999]),
        "server": lambda backup: tell(backup, server_major=99),
    }
    for name, damage in damages.items():
        await assert_refused(machine, empty_database, report.path, name, damage)


async def assert_refused(
    machine: Machine,
    empty_database: Database,
    backup: Path,
    name: str,
    damage: Callable[[Path], Any],
) -> None:
    """Fail unless a copy of the backup that has been damaged is refused, and nothing changes."""
    damaged = machine.backups / name / backup.name
    shutil.copytree(backup, damaged)
    damage(damaged)
    try:
        await machine.restore(empty_database, damaged, replace=True)
    except BackupFailed:
        assert await value(empty_database, "SELECT to_regclass('slot')") is None, name
        return
    pytest.fail(f"it was restored: {name}")


@pytest.mark.parametrize("tool", ["missing", "that cannot read the dump"])
async def test_without_a_pg_restore_that_serves_everything_stays(
    database: Database,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tool: str,
) -> None:
    report = await machine.backup(database).run(machine.backups, keep=2)
    picture = machine.directory / "media" / "results" / "of-this-machine"
    picture.mkdir(parents=True)
    async with database.connection() as connection:
        await connection.execute("UPDATE slot SET version = 2 WHERE slot_id = 'slot-001'")
    key = (machine.directory / "jwt.key").write_bytes(b"another machine's key, 32 bytes long")

    def find_tool(name: str, server_major: int) -> Path:
        if tool == "missing":
            raise ToolFailed(f"{name} of PostgreSQL {server_major} is missing")
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'unsupported version' >&2\nexit 1\n")
        program.chmod(0o755)
        return program

    monkeypatch.setattr("photobooth_daemon.housekeeping.backup.restore.find_tool", find_tool)
    with pytest.raises(ToolFailed):
        await machine.restore(database, report.path, replace=True)
    assert picture.is_dir()
    assert (machine.directory / "jwt.key").stat().st_size == key
    assert await value(database, "SELECT version FROM slot WHERE slot_id = 'slot-001'") == 2


async def test_what_was_planted_in_a_backup_is_found_before_anything_changes(
    database: Database, empty_database: Database, machine: Machine
) -> None:
    booth = await Booth.open(database, machine.directory)
    job_id = (await booth.post(booth.form())).json()["job_id"]
    report = await machine.backup(database).run(machine.backups, keep=2)
    await booth.close()
    secret = machine.directory.parent / "shadow"
    secret.write_text("root's own")

    def folder(backup: Path) -> Path:
        return backup / "media" / "results" / job_id

    def picture(backup: Path) -> Path:
        (found,) = folder(backup).glob("result.*")
        return found

    def instead(backup: Path, put: Callable[[Path], Any]) -> None:
        replaced = picture(backup)
        replaced.unlink()
        put(replaced)

    plants: dict[str, Callable[[Path], Any]] = {
        "link": lambda backup: instead(backup, lambda path: path.symlink_to(secret)),
        "pipe": lambda backup: instead(backup, os.mkfifo),
        "name": lambda backup: (folder(backup) / "shell.php").write_text("<?php"),
        "picture": lambda backup: picture(backup).write_bytes(picture(backup).read_bytes() + b"!"),
        "key": lambda backup: (backup / "jwt.key").write_text("a key that somebody else knows"),
        "more": lambda backup: shutil.copytree(
            folder(backup), folder(backup).with_name("0" * 8 + job_id[8:])
        ),
        "list": lambda backup: (backup / "files.sha256").write_text(""),
        "config": lambda backup: (backup / "photobooth.toml").write_text(
            "[database]\nurl = 'postgresql://elsewhere'"
        ),
    }
    for name, plant in plants.items():
        await assert_refused(machine, empty_database, report.path, name, plant)
        assert (machine.directory / "media" / "results" / job_id).is_dir()


async def test_a_key_that_cannot_be_written_refuses_the_restore_before_anything_changes(
    database: Database, empty_database: Database, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.directory / "audit.key").write_bytes(b"the key of the log that is backed up")
    report = await machine.backup(database).run(machine.backups, keep=2)
    really = os.access
    monkeypatch.setattr(
        "photobooth_daemon.housekeeping.backup.keys.os.access",
        lambda path, mode: path != machine.directory and really(path, mode),
    )
    kept = (machine.directory / "audit.key").read_bytes()
    (machine.directory / "audit.key").write_bytes(b"the key of another machine, a credential")
    with pytest.raises(BackupFailed, match=r"audit.key there yourself"):
        await machine.restore(empty_database, report.path, replace=True)
    assert await value(empty_database, "SELECT to_regclass('slot')") is None
    (machine.directory / "audit.key").write_bytes(kept)
    await machine.restore(empty_database, report.path, replace=True)
