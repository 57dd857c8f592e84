"""Where the log ended is noted with every entry, and no hand on the database takes that back."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.audit_head import Noted, NotedHead
from photobooth_daemon.administration.audit_key import derived_audit_key, load_audit_key
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import Actor
from tests.support.audit import KEY, audit_in
from tests.support.fakes import FakeClock
from tests.support.office import Office


@pytest.fixture
def audit(database: Database, clock: FakeClock, tmp_path: Path) -> Audit:
    return audit_in(tmp_path, database, clock)


async def record(audit: Audit, database: Database, action: str = "x") -> int:
    async with database.transaction() as connection:
        return await audit.record(connection, actor=Actor("serg"), action=action, entity="y")


async def the_end(database: Database) -> tuple[Any, ...]:
    async with database.connection() as connection:
        row = await connection.fetchrow("SELECT audit_id, digest, seal FROM audit_head")
    return tuple(row)


async def put_back(database: Database, end: tuple[Any, ...]) -> None:
    """Do what the database's owner can: take entries away, and put an end there that once was."""
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        await connection.execute("DELETE FROM audit_log WHERE audit_id > $1", end[0])
        await connection.execute(
            "UPDATE audit_head SET audit_id = $1, digest = $2, seal = $3", *end
        )
        await connection.execute("ALTER TABLE audit_log ENABLE TRIGGER USER")


def noted(directory: Path) -> int:
    return int((directory / "audit.head").read_text("ascii").partition(":")[0])


def drafts(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob(".audit.head*"))


async def test_an_entry_is_noted_before_its_change_is_answered(
    office: Office, tmp_path: Path
) -> None:
    for number in range(1, 4):
        assert (await office.login("serg")).status == 200
        assert noted(tmp_path) == number
    assert (await office.login("serg", "wrong")).status == 401
    assert noted(tmp_path) == 4
    assert (tmp_path / "audit.head").stat().st_mode & 0o777 == 0o600


async def test_an_end_that_once_was_true_is_found_and_never_becomes_the_noted_one(
    audit: Audit, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await record(audit, database)
    earlier = await the_end(database)
    await record(audit, database)
    await put_back(database, earlier)
    assert (await audit.verify()).faults == ("the log ends at entry 1, but entry 2 was noted",)
    # Grown to the noted number, and past it, it is still another log.
    for _ in range(2):
        await record(audit, database, "another")
        assert noted(tmp_path) == 2
        assert (await audit.verify()).faults == ("entry 2 is not the one that was noted",)
    assert caplog.text.count("the audit log lacks an entry") == 2


async def test_an_earlier_head_is_found_though_every_entry_is_there(
    audit: Audit, database: Database, tmp_path: Path
) -> None:
    await record(audit, database)
    earlier = await the_end(database)
    await record(audit, database)
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE audit_head SET audit_id = $1, digest = $2, seal = $3", *earlier
        )
    assert (await audit.verify()).faults == ("the head was put back to entry 1",)
    assert await record(audit, database, "after all") == 4
    assert (await audit.verify()).faults == ("the head had been put back before entry 3",)
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT action, actor, before, after FROM audit_log")
    assert [tuple(row) for row in rows][2:] == [
        ("audit.head_put_back", "unauthenticated", {"head": 1}, {"head": 2}),
        ("after all", "serg", None, None),
    ]
    assert noted(tmp_path) == 4


async def test_entries_that_a_crash_left_without_a_note_are_no_fault(
    audit: Audit, database: Database, tmp_path: Path
) -> None:
    await record(audit, database)
    after_the_first = (tmp_path / "audit.head").read_bytes()
    await record(audit, database)
    await record(audit, database)
    (tmp_path / "audit.head").write_bytes(after_the_first)
    verdict = await audit.verify()
    assert (verdict.noted_id, verdict.entries, verdict.faults) == (1, 3, ())
    await record(audit, database)
    assert noted(tmp_path) == 4


async def test_processes_and_machines_that_share_a_log_note_what_each_has_written(
    audit: Audit, database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    beside = audit_in(tmp_path, database, clock)
    (tmp_path / "elsewhere").mkdir()
    elsewhere = audit_in(tmp_path / "elsewhere", database, clock)
    await asyncio.gather(
        *(record(each, database) for each in (audit, beside, elsewhere) for _ in range(10))
    )
    last = await record(audit, database)
    assert noted(tmp_path) == last == 31
    assert noted(tmp_path / "elsewhere") < last
    assert await record(elsewhere, database) == noted(tmp_path / "elsewhere") == 32
    for each in (audit, beside, elsewhere):
        assert (await each.verify()).faults == ()


async def test_an_older_process_never_takes_the_note_back(
    tmp_path: Path, database: Database
) -> None:
    clock = FakeClock()
    audit = audit_in(tmp_path, database, clock)
    waiting: list[Any] = []
    async with database.transaction() as connection:
        await audit.record(connection, actor=Actor("serg"), action="x", entity="y")
        # Committed, but not noted yet: the process stands still here.
        waiting += connection.after_commit
        connection.after_commit.clear()
    await record(audit, database)
    assert noted(tmp_path) == 2
    for step in waiting:
        await step()
    assert noted(tmp_path) == 2


async def test_a_full_disk_stops_no_change_and_is_reported(
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await office.login("serg")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("photobooth_daemon.administration.audit_head.os.fsync", full)
        assert (await office.login("serg")).status == 200
    assert "the end of the audit log is not noted" in caplog.text
    assert noted(tmp_path) == 1
    assert drafts(tmp_path) == [".audit.head.lock"]
    await office.login("serg")
    assert noted(tmp_path) == 3


@pytest.mark.parametrize(
    "text", ["1:{digest}", "1:{digest} {other}", "2:{digest} {seal}", "rubbish"]
)
async def test_a_note_that_somebody_else_wrote_is_a_fault_and_stays(
    audit: Audit, database: Database, tmp_path: Path, text: str
) -> None:
    await record(audit, database)
    path = tmp_path / "audit.head"
    digest, seal = path.read_text("ascii").strip().partition(":")[2].split()
    path.write_text(text.format(digest=digest, seal=seal, other="0" * 64))
    written = path.read_bytes()
    assert "audit.head" in " ".join((await audit.verify()).faults)
    await record(audit, database)
    assert path.read_bytes() == written


async def test_the_note_of_a_version_that_knew_no_seal_is_sealed_with_the_new_key(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    old_key = b"the token key of an installation that is there already"
    before = audit_in(tmp_path, database, clock, derived_audit_key(old_key))
    await record(before, database)
    path = tmp_path / "audit.head"
    path.write_text(path.read_text("ascii").split()[0] + "\n")
    (tmp_path / "jwt.key").write_bytes(old_key)
    key = load_audit_key(tmp_path / "audit.key", tmp_path / "jwt.key")
    audit = audit_in(tmp_path, database, clock, key)
    assert (await audit.verify()).faults == ()
    assert await record(audit, database) == noted(tmp_path) == 2
    # Once there is a key of its own, nothing without a seal is taken for ours.
    path.write_text(path.read_text("ascii").split()[0] + "\n")
    load_audit_key(tmp_path / "audit.key", tmp_path / "jwt.key")
    assert "not sealed" in " ".join((await audit.verify()).faults)


def test_nothing_is_noted_where_somebody_else_was_faster(tmp_path: Path) -> None:
    file = NotedHead(tmp_path / "audit.head", KEY)
    first, second = (Noted(number, "0" * 64) for number in (1, 2))
    assert file.replace(None, first)
    assert not file.replace(None, second)
    assert file.read() == first
