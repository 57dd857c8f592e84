"""A backup that somebody asks for through the port."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.repositories.backups import BackupRepository
from tests.support.fakes import eventually
from tests.support.office import Office


async def finished(office: Office) -> Any:
    state: dict[str, Any] = {}

    async def is_over() -> bool:
        state.update((await office.get("/api/backup")).json())
        return not state["at_work"]

    await eventually(is_over, seconds=60, every_seconds=0.1)
    return state["last"]


async def test_a_backup_is_made_when_it_is_asked_for(office: Office) -> None:
    assert (await office.get("/api/backup")).json() == {"at_work": False, "last": None}
    reply = await office.call("POST", "/api/backup")
    assert (reply.status, reply.json()["at_work"]) == (202, True)
    # Who asks twice means the same one.
    assert (await office.call("POST", "/api/backup")).json()["at_work"]
    last = await finished(office)
    assert (last["succeeded"], last["error"]) == (True, None)
    assert last["size_bytes"] > 0
    backups = office.media_root.parent / "backups"
    (made,) = [path for path in backups.iterdir() if path.is_dir()]
    assert (made / "database.dump").stat().st_size > 0
    entries = (await office.get("/api/audit?action=backup.start")).json()["items"]
    assert [entry["actor"] for entry in entries] == ["serg"]


async def test_one_that_another_host_makes_is_seen(office: Office) -> None:
    async with BackupRepository(office.database).only_one():
        # It is what was asked for: no second one is begun.
        assert (await office.call("POST", "/api/backup")).json()["at_work"]
    assert not (await office.get("/api/backup")).json()["at_work"]
    assert await office.fetch("SELECT FROM backup_run") == []


async def test_why_there_is_none_is_told_without_a_path(office: Office) -> None:
    backups = office.media_root.parent / "backups"
    backups.write_text("in the way")
    await office.call("POST", "/api/backup")
    last = await finished(office)
    assert not last["succeeded"]
    assert last["error"]
    assert str(backups) not in last["error"]
