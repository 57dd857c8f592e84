"""The audit log keeps what was done and shows what was done to it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.database.pool import Database
from photobooth_daemon.model import Actor
from photobooth_daemon.providers.driver import ProviderConfig
from tests.support.audit import audit_in
from tests.support.fakes import FakeClock
from tests.support.office import Office

SERG = Actor("serg", "10.0.0.7", "req-1")


@pytest.fixture
def audit(database: Database, clock: FakeClock, tmp_path: Path) -> Audit:
    return audit_in(tmp_path, database, clock)


async def record(
    audit: Audit, database: Database, action: str = "slot.update", after: Any = None
) -> int:
    async with database.transaction() as connection:
        return await audit.record(
            connection, actor=SERG, action=action, entity="slot:slot-001", after=after
        )


async def tamper(database: Database, statement: str) -> None:
    """Do what somebody with the database owner's rights could do."""
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        await connection.execute(statement)
        await connection.execute("ALTER TABLE audit_log ENABLE TRIGGER USER")


async def test_a_log_as_it_was_written_verifies(audit: Audit, database: Database) -> None:
    assert (await audit.verify()).faults == ()
    values = {
        "text": "настройка \u2028 \U0001f600",
        "numbers": [1, 1.0, 0.1, 1e22, 1e-7, -0.0, 10**20],
        "nested": {"b": None, "a": [True, False, {"x": 2.0}]},
    }
    for _ in range(3):
        await record(audit, database, after=values)
    verdict = await audit.verify()
    assert (verdict.entries, verdict.head_id, verdict.faults) == (3, 3, ())


async def test_entries_are_numbered_without_a_gap_even_when_a_change_is_rolled_back(
    audit: Audit, database: Database
) -> None:
    await record(audit, database)
    async with database.connection() as connection:
        rolled_back = connection.transaction()
        await rolled_back.start()
        await audit.record(connection, actor=SERG, action="x", entity="y")
        await rolled_back.rollback()
    assert await record(audit, database) == 2
    assert (await audit.verify()).faults == ()


async def test_writers_at_the_same_moment_make_one_chain(audit: Audit, database: Database) -> None:
    numbers = await asyncio.gather(*(record(audit, database) for _ in range(12)))
    assert sorted(numbers) == list(range(1, 13))
    assert (await audit.verify()).faults == ()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit_log SET actor = 'igor' WHERE audit_id = 2", "entry 2 was altered"),
        ("UPDATE audit_log SET after = '{\"a\": 2}' WHERE audit_id = 2", "entry 2 was altered"),
        ("UPDATE audit_log SET at = at - interval '1 s' WHERE audit_id = 3", "entry 3 was altered"),
        ("DELETE FROM audit_log WHERE audit_id = 2", "entries 2 to 2 are missing"),
        ("DELETE FROM audit_log WHERE audit_id = 1", "entries 1 to 1 are missing"),
        ("DELETE FROM audit_log WHERE audit_id >= 3", "entries 3 to 4 were cut off"),
        ("DELETE FROM audit_log", "entries 1 to 4 were cut off"),
        (
            "WITH gone AS (DELETE FROM audit_log WHERE audit_id = 4) UPDATE audit_head SET"
            " audit_id = 3, digest = (SELECT digest FROM audit_log WHERE audit_id = 3)",
            "the head was altered",
        ),
    ],
)
async def test_an_altered_a_removed_and_a_cut_off_entry_are_found(
    audit: Audit, database: Database, statement: str, fault: str
) -> None:
    for _ in range(4):
        await record(audit, database, after={"a": 1})
    await tamper(database, statement)
    assert any(fault in found for found in (await audit.verify()).faults)


async def test_a_head_noted_earlier_must_still_be_in_the_log(
    audit: Audit, database: Database, tmp_path: Path
) -> None:
    for _ in range(3):
        await record(audit, database)
    noted = await audit.verify()
    expected = (noted.head_id, noted.head_digest)
    await record(audit, database)
    assert (await audit.verify(expected)).faults == ()
    async with database.connection() as connection:
        head = await connection.fetchrow("SELECT audit_id, digest, seal FROM audit_head")
    (tmp_path / "audit.head").unlink()
    await tamper(database, "DELETE FROM audit_log")
    await tamper(database, "UPDATE audit_head SET audit_id = 0, digest = '', seal = ''")
    assert (await audit.verify()).faults == ()
    assert "entry 3 was noted" in " ".join((await audit.verify(expected)).faults)
    assert head["audit_id"] == 4


async def test_a_number_that_a_float_cannot_hold_exactly_is_no_fault(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    comfyui = ProviderConfig("comfyui", "http://127.0.0.1:9", None, None)
    office = await Office.open(database, tmp_path, clock, more_providers={"comfyui": comfyui})
    inputs = {"cfg": 1.5e300, "seed": 1e22, "denoise": 1e-7}
    params = {"workflow": {"3": {"class_type": "KSampler", "inputs": inputs}}}
    change = {"provider": "comfyui", "operation": "workflow", "params": params}
    saved = await office.put("/api/slots/slot-001", change, If_Match="*")
    assert saved.status == 200, saved.body
    same = await office.put("/api/slots/slot-001", saved.json())
    assert same.json()["version"] == saved.json()["version"]
    key = load_audit_key(tmp_path / "audit.key", tmp_path / "jwt.key")
    verdict = await audit_in(tmp_path, database, clock, key).verify()
    assert verdict.entries > 0
    assert verdict.faults == ()
    await office.close()


async def test_another_key_fits_nothing_and_is_told_of_by_whoever_writes_under_it(
    audit: Audit,
    database: Database,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    await record(audit, database)
    await record(audit, database)
    assert "not sealed" not in caplog.text
    stranger = audit_in(tmp_path / "elsewhere", database, clock, b"x" * 32)
    await record(stranger, database)
    assert "not sealed by this key" in caplog.text
    assert "entry 1 was altered" in (await stranger.verify()).faults


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
async def test_the_log_is_append_only(audit: Audit, database: Database, statement: str) -> None:
    await record(audit, database)
    async with database.connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
