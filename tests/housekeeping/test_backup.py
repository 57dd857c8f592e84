"""A backup, everything destroyed, and the same links again."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tornado.ioloop import IOLoop

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.cli import main
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import BackupFailed, ToolFailed
from photobooth_daemon.housekeeping.backup.backup import Backup, Source, list_backups
from photobooth_daemon.housekeeping.backup.media_copy import copy_shelf
from photobooth_daemon.housekeeping.backup.restore import Restore
from photobooth_daemon.housekeeping.backup.seal import Seal, load_seal
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.in_use import TreeUse
from photobooth_daemon.model import Actor
from photobooth_daemon.repositories.backups import BackupRepository
from tests.support.audit import audit_in
from tests.support.booth import Booth
from tests.support.evenings import insert_event
from tests.support.fakes import FakeClock
from tests.support.housekeeping import value


class Machine:
    """The files of one machine, and what backs it up."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.directory = directory
        self.clock = clock
        self.backups = directory.parent / "backups"

    def source(self, database: Database) -> Source:
        return Source(
            database.url,
            self.directory / "media",
            None,
            self.directory / "jwt.key",
            self.directory / "audit.key",
            self.directory / "photobooth.toml",
            self.directory / "backup.key",
        )

    def backup(self, database: Database) -> Backup:
        return Backup(self.source(database), BackupRepository(database), self.clock)

    @property
    def seal(self) -> Seal:
        return load_seal(self.directory / "backup.key")

    async def restore(
        self, database: Database, backup: Path, *, replace: bool = False, unsealed: bool = False
    ) -> Any:
        store = FileStore(self.directory / "media")
        store.create()
        try:
            actor = Actor("cli:root")
            work = Restore(self.source(database), database, store, self.clock, actor)
            seal = None if unsealed else self.seal
            return await work.run(backup, seal=seal, replace=replace)
        finally:
            await store.close()


@pytest.fixture
def machine(tmp_path: Path, clock: FakeClock) -> Machine:
    directory = tmp_path / "state"
    directory.mkdir()
    return Machine(directory, clock)


@pytest.fixture
def empty_database(io_loop: IOLoop, empty_database_url: str) -> Iterator[Database]:
    opened: Database = io_loop.run_sync(lambda: Database.open(empty_database_url, max_size=4))
    yield opened
    io_loop.run_sync(opened.close)


async def note_in_audit_log(database: Database, booth: Booth, directory: Path) -> Audit:
    key = load_audit_key(directory / "audit.key", directory / "jwt.key")
    audit = audit_in(directory, database, booth.app.clock, key)
    async with database.transaction() as connection:
        await audit.record(connection, actor=Actor("serg"), action="test", entity="slot-001")
    return audit


async def test_a_wiped_machine_serves_the_same_links(
    database: Database, empty_database: Database, machine: Machine
) -> None:
    booth = await Booth.open(database, machine.directory)
    await note_in_audit_log(database, booth, machine.directory)
    links = [
        f"/public/results/{(await booth.post(booth.form())).json()['job_id']}" for _ in range(3)
    ]
    before = [(await booth.get(link)).body for link in links]
    assert all(before)
    report = await machine.backup(database).run(machine.backups, keep=7)
    assert report.manifest.media_files == 6
    await booth.close()

    kept_elsewhere = (machine.directory / "backup.key").read_bytes()
    shutil.rmtree(machine.directory)
    machine.directory.mkdir()
    (machine.directory / "backup.key").write_bytes(kept_elsewhere)
    head = machine.directory / "audit.head"
    head.write_text("99:" + "0" * 64)  # another log's
    restored = await machine.restore(empty_database, report.path)
    assert (restored.results, restored.missing_results) == (3, 0)
    assert head.read_text().startswith("2:")

    again = await Booth.open(empty_database, machine.directory)
    try:
        assert [(await again.get(link)).body for link in links] == before
        audit = await note_in_audit_log(empty_database, again, machine.directory)
        assert (await audit.verify()).faults == ()
        assert (await again.post(again.form())).status == 200
    finally:
        await again.close()


async def test_kept_originals_come_back(
    database: Database, empty_database: Database, machine: Machine
) -> None:
    booth = await Booth.open(database, machine.directory)
    await insert_event(booth.fetch, keep_originals="all")
    job_id = (await booth.post()).json()["job_id"]
    report = await machine.backup(database).run(machine.backups, keep=7)
    assert report.manifest.media_files == 3
    await booth.close()
    kept = machine.directory / "media" / "originals" / job_id / "photo.jpg"
    photo = kept.read_bytes()
    kept.unlink()
    await machine.restore(empty_database, report.path, replace=True)
    assert kept.read_bytes() == photo


async def test_the_second_backup_links_what_the_first_has(
    database: Database, machine: Machine, clock: FakeClock
) -> None:
    booth = await Booth.open(database, machine.directory)
    await booth.post(booth.form())
    backup = machine.backup(database)
    first = await backup.run(machine.backups, keep=2)
    await booth.post(booth.form())
    clock.advance(60)
    second = await backup.run(machine.backups, keep=2)
    assert (first.manifest.linked_files, second.manifest.linked_files) == (0, 2)
    assert second.manifest.media_files == 4
    clock.advance(60)
    third = await backup.run(machine.backups, keep=2)
    assert third.removed == 1
    assert list_backups(machine.backups) == [second.path, third.path]
    assert await value(database, "SELECT count(*) FROM backup_run WHERE succeeded") == 3
    mode = third.path.stat().st_mode & 0o777
    assert mode == 0o700
    assert (third.path / "jwt.key").stat().st_mode & 0o777 == 0o600
    await booth.close()


async def test_a_backup_that_fails_leaves_nothing_but_its_record(
    database: Database, machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text("#!/bin/sh\necho 'no such luck' >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setattr("photobooth_daemon.housekeeping.backup.backup.find_tool", lambda *_: tool)
    with pytest.raises(BackupFailed, match="no such luck"):
        await machine.backup(database).run(machine.backups, keep=2)
    assert [p.name for p in machine.backups.iterdir()] == [".lock"]
    assert await value(database, "SELECT error FROM backup_run") == "pg_dump failed: no such luck"


async def test_two_backups_do_not_work_in_one_directory(
    database: Database, machine: Machine
) -> None:
    backup = machine.backup(database)
    ends = await asyncio.gather(
        backup.run(machine.backups, keep=2),
        backup.run(machine.backups, keep=2),
        return_exceptions=True,
    )
    assert [type(end) for end in ends if isinstance(end, Exception)] == [BackupFailed]
    assert len(list_backups(machine.backups)) == 1


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


def run(database_url: str, directory: Path, *arguments: str) -> Any:
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", *arguments],
        env={
            "PHOTOBOOTH_DATABASE__URL": database_url,
            "PHOTOBOOTH_MEDIA__ROOT": str(directory / "media"),
            "PHOTOBOOTH_SERVER__JWT_KEY_FILE": str(directory / "jwt.key"),
            "PHOTOBOOTH_BACKUP__DIRECTORY": str(directory / "backups"),
            "PHOTOBOOTH_BACKUP__KEEP": "1",
        },
    )


def test_the_commands(database_url: str, empty_database_url: str, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    made = run(database_url, tmp_path, "backup")
    assert made.exit_code == 0, made.output
    (path,) = list_backups(tmp_path / "backups")
    restored = run(empty_database_url, tmp_path, "restore", str(path))
    assert restored.exit_code == 0, restored.output
    assert "systemctl start" in restored.output
    refused = run(empty_database_url, tmp_path, "restore", str(tmp_path))
    assert refused.exit_code == 1
    assert "not a complete backup" in refused.output


async def test_what_expires_while_the_backup_is_made_is_no_fault(
    database: Database,
    empty_database: Database,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booth = await Booth.open(database, machine.directory)
    job_id = (await booth.post(booth.form())).json()["job_id"]

    def after_the_dump(source: Path, target: Path, earlier: Path | None) -> Any:
        shutil.rmtree(machine.directory / "media" / "results" / job_id, ignore_errors=True)
        return copy_shelf(source, target, earlier)

    monkeypatch.setattr("photobooth_daemon.housekeeping.backup.backup.copy_shelf", after_the_dump)
    report = await machine.backup(database).run(machine.backups, keep=2)
    await booth.close()
    restored = await machine.restore(empty_database, report.path, replace=True)
    assert (restored.results, restored.missing_results) == (1, 1)
    assert os.listdir(machine.directory / "media" / "results") == []


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


async def test_a_restored_machine_knows_no_session_and_tells_of_the_restore(
    database: Database, empty_database: Database, machine: Machine
) -> None:
    booth = await Booth.open(database, machine.directory)
    before = await value(database, "SELECT token_version FROM admin WHERE username = 'serg'")
    report = await machine.backup(database).run(machine.backups, keep=2)
    await booth.close()
    await machine.restore(empty_database, report.path, replace=True)
    after = "SELECT token_version FROM admin WHERE username = 'serg'"
    assert await value(empty_database, after) == before + 1
    entry = "SELECT action || ' by ' || actor FROM audit_log ORDER BY audit_id DESC LIMIT 1"
    assert await value(empty_database, entry) == "backup.restore by cli:root"


async def test_a_backup_from_before_the_log_had_a_key_of_its_own_comes_back_whole(
    database: Database, empty_database: Database, machine: Machine, clock: FakeClock
) -> None:
    (machine.directory / "jwt.key").write_bytes(b"the token key of an older installation")
    booth = await Booth.open(database, machine.directory)
    await note_in_audit_log(database, booth, machine.directory)
    (machine.directory / "audit.key").unlink()
    report = await machine.backup(database).run(machine.backups, keep=2)
    assert not (report.path / "audit.key").exists()
    (machine.directory / "audit.key").write_bytes(b"of a log that is lost by the restore")
    await machine.restore(empty_database, report.path, replace=True)
    key = load_audit_key(machine.directory / "audit.key", machine.directory / "jwt.key")
    verdict = await audit_in(machine.directory, empty_database, clock, key).verify()
    assert (verdict.entries, verdict.faults) == (2, ())
    await booth.close()


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


async def test_a_backup_of_the_first_format_still_comes_back(
    database: Database, empty_database: Database, machine: Machine
) -> None:
    booth = await Booth.open(database, machine.directory)
    await booth.post(booth.form())
    report = await machine.backup(database).run(machine.backups, keep=2)
    await booth.close()
    manifest = report.path / "manifest.json"
    values = {**json.loads(manifest.read_text()), "format": 1}
    del values["list_sha256"]
    manifest.write_text(json.dumps(values))
    (report.path / "files.sha256").unlink()
    (report.path / "manifest.seal").unlink()
    with pytest.raises(BackupFailed, match="no seal"):
        await machine.restore(empty_database, report.path, replace=True)
    restored = await machine.restore(empty_database, report.path, replace=True, unsealed=True)
    assert (restored.results, restored.missing_results) == (1, 0)
