"""What photos may cost in a day, port to port."""

from __future__ import annotations

import pytest

from photobooth_daemon.repositories.backups import BackupRepository
from photobooth_daemon.repositories.spending import Reservation, SpendingRepository
from tests.support.booth import Booth

LOCAL = {"provider": "local", "operation": "look", "params": {"look": "sepia"}}


async def spend(booth: Booth, slot_id: str, cost: float) -> None:
    async with booth.database.connection() as connection:
        await connection.execute(
            """
            UPDATE job_spending SET cost = $2 WHERE slot_id = $1
            """,
            slot_id,
            cost,
        )


@pytest.mark.parametrize("scope", ["slot", "all"])
async def test_a_spent_cap_leads_to_what_costs_nothing(booth: Booth, scope: str) -> None:
    assert (await booth.post()).status == 200
    await spend(booth, "slot-001", 5.0)
    if scope == "slot":
        await booth.configure_slot(cost_cap_per_day=5, fallback=[LOCAL])
    else:
        await booth.configure_slot(fallback=[LOCAL])
        await booth.configure_settings(cost_cap_per_day=4.5)
    answer = await booth.post()
    assert answer.status == 200, answer.body
    newest = "SELECT provider, attempts FROM job_history ORDER BY started_at DESC LIMIT 1"
    (job,) = await booth.fetch(newest)
    assert job["provider"] == "local"
    assert [a["provider"] for a in job["attempts"]] == ["local"]
    await booth.configure_slot(fallback=[])
    await booth.app.operations.vitals.refresh()
    scrape = (await booth.get("/metrics")).body.decode()
    assert 'photobooth_cost_today{scope="slot-001"} 5.0' in scrape
    capped = "slot-001" if scope == "slot" else "all"
    assert f'photobooth_cost_cap_per_day{{scope="{capped}"}}' in scrape
    refused = await booth.post()
    assert (refused.status, refused.json()["provider_code"]) == (502, "quota")
    await booth.configure_slot(cost_cap_per_day=100)
    await booth.configure_settings(cost_cap_per_day=100)
    assert (await booth.post()).status == 200


async def test_a_backup_at_work_keeps_no_photo_waiting_for_its_money(booth: Booth) -> None:
    await booth.configure_slot(cost_cap_per_day=5)
    async with BackupRepository(booth.database).only_one() as alone:
        assert alone
        assert (await booth.post()).status == 200
    assert (await booth.the_job())["cost_reserved"] is not None


async def test_a_cap_that_is_near_or_reached_is_in_the_log(
    booth: Booth, caplog: pytest.LogCaptureFixture
) -> None:
    async def said() -> list[tuple[str, str]]:
        caplog.clear()
        await booth.post()
        return [
            (record.getMessage().rpartition(" ")[2], record.__dict__["scope"])
            for record in caplog.records
            if "cost cap" in record.getMessage()
        ]

    assert (await booth.post()).status == 200
    await booth.configure_slot(cost_cap_per_day=5, fallback=[LOCAL])
    assert await said() == []
    await spend(booth, "slot-001", 4.5)
    assert await said() == [("near", "slot-001")]
    await spend(booth, "slot-001", 5.0)
    assert await said() == [("reached", "slot-001")]


async def test_what_costs_nothing_asks_the_database_nothing(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def reserve(*_: object, **__: object) -> Reservation:
        asked.append("reserve")
        return Reservation(True, 0.0, 0.0)

    async def spent_on(*_: object) -> dict[str, float]:
        asked.append("spent_on")
        return {}

    monkeypatch.setattr(SpendingRepository, "reserve", reserve)
    monkeypatch.setattr(SpendingRepository, "spent_on", spent_on)
    await booth.configure_slot(cost_cap_per_day=5)
    assert (await booth.post()).status == 200
    assert asked == ["reserve"]
    await booth.configure_slot(**LOCAL, cost_cap_per_day=5)
    assert (await booth.post()).status == 200
    assert asked == ["reserve"]
