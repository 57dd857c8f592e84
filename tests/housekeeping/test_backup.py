"""A backup, everything destroyed, and the same links again."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.cli import main
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import BackupFailed
from photobooth_daemon.housekeeping.backup.backup import list_backups
from photobooth_daemon.housekeeping.backup.media_copy import copy_shelf
from tests.support.audit import audit_in
from tests.support.backed_up_machine import Machine, note_in_audit_log
from tests.support.booth import Booth
from tests.support.evenings import insert_event
from tests.support.fakes import FakeClock
from tests.support.housekeeping import value


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
