"""A cleanup that somebody asks for through the port."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime

import pytest

from photobooth_daemon.housekeeping import on_demand
from photobooth_daemon.repositories.cleanup import CleanupRepository
from tests.support.fakes import eventually
from tests.support.office import Office

CLEANUP = "/api/cleanup"
LOOK = {"provider": "local", "operation": "look", "params": {"look": "sepia"}, "enabled": True}


async def expired(office: Office) -> str:
    """A picture whose time is over, still on the disk; its job."""
    await office.put("/api/slots/slot-001", LOOK, If_Match="*")
    job_id = str((await office.photograph()).headers["X-Job-ID"])
    await office.execute("UPDATE media_object SET expires_at = now() - interval '1 hour'")
    return job_id


async def test_what_has_expired_is_removed_when_it_is_asked_for(office: Office) -> None:
    job_id = await expired(office)
    assert (await office.get(CLEANUP)).json() == {"at_work": False, "last": None}
    assert list(office.media_root.rglob(f"*{job_id}*"))
    reply = await office.call("POST", CLEANUP)
    assert reply.status == 200
    state = reply.json()
    assert (state["at_work"], state["last"]["succeeded"], state["last"]["error"]) == (
        False,
        True,
        None,
    )
    assert state["last"]["freed_bytes"] > 0
    assert not list(office.media_root.rglob(f"*{job_id}*"))
    assert (await office.get(CLEANUP)).json() == state
    entries = (await office.get("/api/audit?action=cleanup.start")).json()["items"]
    assert [(entry["actor"], entry["entity"]) for entry in entries] == [("serg", "cleanup")]
    # What Health and readiness had to say about it is settled.
    items = (await office.get("/api/readiness")).json()["items"]
    assert [item["code"] for item in items if item["check"] == "cleanup"] == ["cleanup_ok"]


async def test_one_that_another_host_makes_is_seen_and_waited_for(office: Office) -> None:
    async with CleanupRepository(office.database).only_one() as alone:
        assert alone
        assert (await office.get(CLEANUP)).json()["at_work"]
        reply = await office.call("POST", CLEANUP)
        assert (reply.status, reply.json()["at_work"]) == (202, True)
    assert not (await office.get(CLEANUP)).json()["at_work"]
    assert await office.fetch("SELECT FROM cleanup_run") == []


async def test_a_long_one_is_told_of_while_it_runs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_demand, "ANSWER_SECONDS", 0.0)
    await expired(office)
    first, second = await asyncio.gather(office.call("POST", CLEANUP), office.call("POST", CLEANUP))
    assert {first.status, second.status} <= {200, 202}

    async def is_over() -> bool:
        return not (await office.get(CLEANUP)).json()["at_work"]

    await eventually(is_over, seconds=30)
    # Who asks twice means the same one.
    assert len(await office.fetch("SELECT FROM cleanup_run")) == 1


async def test_why_it_failed_is_told_without_a_path(office: Office) -> None:
    shutil.rmtree(office.media_root)
    office.media_root.write_text("in the way")
    last = (await office.call("POST", CLEANUP)).json()["last"]
    assert not last["succeeded"]
    assert last["error"]
    assert str(office.media_root) not in last["error"]


async def test_quiet_alerts_are_told_again_when_it_is_asked_for(office: Office) -> None:
    now = datetime.now(UTC)
    await office.execute(
        "INSERT INTO maintenance_window (starts_at, ends_at, reason, opened_by)"
        " VALUES (now() - interval '1 hour', now() + interval '1 hour', '', 'serg'),"
        " (now() + interval '1 day', now() + interval '2 days', '', 'serg')"
    )
    for _ in range(2):
        assert (await office.call("DELETE", "/api/alert-maintenance")).status == 204
    rows = await office.fetch("SELECT ends_at FROM maintenance_window")
    assert all(row["ends_at"] <= datetime.now(UTC) for row in rows)
    assert all(row["ends_at"] >= now for row in rows)
    # Only what ended something is on record.
    entries = (await office.get("/api/audit?action=alerts.end_maintenance")).json()["items"]
    assert [entry["actor"] for entry in entries] == ["serg"]
