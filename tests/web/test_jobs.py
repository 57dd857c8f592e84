"""Jobs, statistics and the audit log of the HTTP contract, through the port."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from photobooth_daemon.clock import rfc3339
from tests.support.fakes import FakeClock
from tests.support.history import add_job
from tests.support.office import Office

LISTS = (
    "/api/jobs",
    "/api/audit",
    "/api/template-media",
    "/api/slots",
    "/api/slots/slot-001/revisions",
)


async def pages(office: Office, path: str, limit: int) -> list[Any]:
    """Every item of a list, page by page."""
    mark = "&" if "?" in path else "?"
    items: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        reply = await office.get(f"{path}{mark}limit={limit}{more}")
        assert reply.status == 200, reply.body
        page = reply.json()
        assert page.keys() == {"items", "next_cursor"}
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
    return items


# Lists


async def test_limits_of_every_list(office: Office) -> None:
    for path in LISTS:
        for limit in ("0", "201", "-1", "x", "1.5", "", "9" * 50, "٣"):
            reply = await office.get(f"{path}?limit={limit}")
            assert (reply.status, reply.code) == (400, "invalid_request"), (path, limit)
        for limit in ("1", "200", "007"):
            assert (await office.get(f"{path}?limit={limit}")).status == 200, (path, limit)


async def test_cursors_of_every_list_that_nobody_gave(office: Office) -> None:
    bad = (
        "", "x", "!!!", "AAAA", "bnx4", "dHx4fHk", "bnwtOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk",
        "dHw5OTk5OTk5OTk5OTk5OTk5OTl8MA", "%00", "%ff", "a" * 5000,
    )  # fmt: skip
    for path in LISTS:
        for cursor in bad:
            reply = await office.get(f"{path}?cursor={cursor}")
            assert (reply.status, reply.code) == (400, "invalid_request"), (path, cursor)


async def test_a_cursor_of_another_list_is_refused(office: Office) -> None:
    await office.login("igor")
    cursor = (await office.get("/api/audit?limit=1")).json()["next_cursor"]
    assert cursor is not None
    assert (await office.get(f"/api/jobs?cursor={cursor}")).status == 400


# GET /api/jobs


async def test_jobs_newest_first_in_pages(still_office: Office, clock: FakeClock) -> None:
    office, now = still_office, clock.utcnow()
    job_ids = [
        str(await add_job(office.database, now - timedelta(seconds=n // 3))) for n in range(17)
    ]
    items = await pages(office, "/api/jobs", 5)
    assert sorted(item["job_id"] for item in items) == sorted(job_ids)
    keys = [(item["started_at"], item["job_id"]) for item in items]
    assert keys == sorted(keys, reverse=True)


async def test_jobs_that_come_meanwhile_disturb_no_page(
    still_office: Office, clock: FakeClock
) -> None:
    office, now = still_office, clock.utcnow()
    for n in range(4):
        await add_job(office.database, now - timedelta(seconds=n + 1))
    first = (await office.get("/api/jobs?limit=2")).json()
    await add_job(office.database, now)
    second = (await office.get(f"/api/jobs?limit=2&cursor={first['next_cursor']}")).json()
    seen = [item["job_id"] for item in first["items"] + second["items"]]
    assert len(set(seen)) == 4


async def test_jobs_by_every_filter(still_office: Office, clock: FakeClock) -> None:
    office, now = still_office, clock.utcnow()
    chance = random.Random(7)
    made = []
    for n in range(60):
        facts = {
            "slot": chance.choice(["slot-001", "slot-002", "slot-015"]),
            "status": chance.choice(["done", "failed", "timeout", "pending"]),
            "source": chance.choice(["ingest", "test"]),
        }
        started_at = now - timedelta(minutes=n)
        made.append((str(await add_job(office.database, started_at, **facts)), started_at, facts))
    since = now - timedelta(minutes=30)
    for slot in (None, "slot-001", "slot-003"):
        for status in (None, "done", "pending"):
            for source in (None, "test"):
                for after in (None, since):
                    wanted = {
                        key: value
                        for key, value in (("slot", slot), ("status", status), ("source", source))
                        if value is not None
                    }
                    query = "&".join(f"{key}={value}" for key, value in wanted.items())
                    if after is not None:
                        query += f"&since={rfc3339(after)}"
                    items = await pages(office, f"/api/jobs?{query}", 7)
                    expected = [
                        job_id
                        for job_id, started_at, facts in made
                        if wanted.items() <= facts.items()
                        and (after is None or started_at >= after)
                    ]
                    assert [item["job_id"] for item in items] == expected, query


async def test_jobs_with_a_filter_that_is_none(office: Office) -> None:
    for query in (
        "slot=slot-016", "slot=", "slot=x", "status=running", "status=", "source=camera",
        "since=yesterday", "since=2026-11-22", "since=2026-11-22T12:00:00", "since=",
        "since=2026-02-30T12:00:00Z", "since=9999-12-31T23:59:59-23:59", "since=%00",
    ):  # fmt: skip
        reply = await office.get(f"/api/jobs?{query}")
        assert (reply.status, reply.code) == (400, "invalid_request"), query


# GET /api/jobs/{job_id}


async def test_job(still_office: Office, clock: FakeClock) -> None:
    office, now = still_office, clock.utcnow()
    job_id = await add_job(office.database, now, cost=0.04)
    failed_id = await add_job(office.database, now, status="failed", reason="overloaded")
    job = (await office.get(f"/api/jobs/{job_id}")).json()
    assert job["timings"] == {"total_ms": 4000, "provider_ms": 3000}
    assert job["attempts"] == [{"provider": "gemini", "reason": None}]
    assert job["client_fields"] == {"time": "1767859200"}
    assert (job["status"], job["cost"], job["slot_version"]) == ("done", 0.04, 1)
    assert (job["started_at"], job["created_at"]) == ("2026-11-22T12:00:00Z",) * 2
    assert job["result_url"] == f"/public/results/{job_id}"
    failed = (await office.get(f"/api/jobs/{failed_id}")).json()
    assert (failed["failure_code"], failed["provider_code"]) == ("provider_error", "overloaded")
    assert failed["result_url"] is None
    clock.advance(72 * 3600)
    token = (await office.login("serg")).json()["token"]
    expired = (await office.get(f"/api/jobs/{job_id}", token=token)).json()
    assert (expired["result_url"], expired["preview_url"]) == (None, None)


async def test_job_not_found(office: Office) -> None:
    for job_id in (str(uuid4()), "x", "%00", str(UUID(int=0))):
        reply = await office.get(f"/api/jobs/{job_id}")
        assert (reply.status, reply.code) == (404, "job_not_found"), job_id


# GET /api/stats


async def test_stats(still_office: Office, clock: FakeClock) -> None:
    office, now = still_office, clock.utcnow()
    for n in range(1, 8):
        await add_job(
            office.database,
            now - timedelta(minutes=n),
            total_ms=1000 * n,
            provider_ms=700 * n,
            cost=0.04,
        )
    await add_job(office.database, now, status="timeout", total_ms=48_000, provider_ms=47_000)
    await add_job(
        office.database, now, slot="slot-002", status="failed", reason="quota", total_ms=900
    )
    await add_job(office.database, now, slot="slot-002", status="pending")
    await add_job(office.database, now, slot="slot-003", source="test")
    await add_job(office.database, now - timedelta(hours=30), slot="slot-004")
    figures = (await office.get("/api/stats?window=1h")).json()
    assert figures["window"] == "1h"
    total = figures["total"]
    assert total["jobs"] == {"ended": 9, "done": 7, "timeout": 1, "failed": 1, "pending": 1}
    assert total["success_share"] == round(7 / 9, 4)
    assert total["timeout_share"] == round(1 / 9, 4)
    assert total["reasons"] == {"provider_timeout": 1, "quota": 1}
    assert total["bytes"] == {"input": 9 * 8_000_000, "result": 7 * 900_000}
    assert total["cost"] == 0.28
    slots = {row["slot_id"]: row for row in figures["slots"]}
    assert slots.keys() == {"slot-001", "slot-002"}
    # 1, 2, 3, 4, 5, 6, 7 and 48 s.
    assert slots["slot-001"]["total_ms"] == {"p50": 4500, "p95": 33650, "p99": 45130}
    assert slots["slot-001"]["provider_ms"]["p50"] == 3150
    assert slots["slot-002"]["jobs"]["pending"] == 1
    series = figures["series"]
    assert series["step_seconds"] == 60
    assert len(series["at"]) == len(series["done"]) == len(series["p95_total_ms"]) == 61
    assert sum(series["done"]) == 7
    assert series["done"][-2:] == [1, 0]
    assert (series["timeout"][-1], series["p95_total_ms"][-1]) == (1, 45645)
    assert series["p95_total_ms"][0] is None
    assert slots["slot-001"]["series"]["done"] == series["done"]


async def test_stats_of_each_window(still_office: Office, clock: FakeClock) -> None:
    office, now = still_office, clock.utcnow()
    for hours in (0.5, 12, 100, 200):
        await add_job(office.database, now - timedelta(hours=hours))
    for window, jobs in (("1h", 1), ("24h", 2), ("7d", 3)):
        figures = (await office.get(f"/api/stats?window={window}")).json()
        assert figures["total"]["jobs"]["done"] == jobs
        assert sum(figures["series"]["done"]) == jobs
    assert (await office.get("/api/stats")).json()["window"] == "24h"
    for window in ("", "1d", "24H"):
        assert (await office.get(f"/api/stats?window={window}")).code == "invalid_request"


async def test_stats_of_nothing(office: Office) -> None:
    total = (await office.get("/api/stats")).json()["total"]
    assert (total["success_share"], total["total_ms"]["p95"], total["cost"]) == (None, None, 0)


# GET /api/audit


async def test_audit(office: Office) -> None:
    await office.put("/api/slots/slot-001", {"display_name": "a"}, If_Match="*")
    await office.put(
        "/api/slots/slot-002", {"display_name": "b"}, If_Match="*", as_="igor",
        X_Forwarded_For="192.0.2.77", X_Request_ID="req-9",
    )  # fmt: skip
    items = (await office.get("/api/audit")).json()["items"]
    assert [item["action"] for item in items] == [
        "slot.update", "admin.login", "slot.update", "admin.login",
    ]  # fmt: skip
    newest = items[0]
    assert newest == {
        "id": 4,
        "at": newest["at"],
        "actor": "igor",
        "action": "slot.update",
        "entity": "slot:slot-002",
        "before": {"version": 1, "display_name": "Slot 2"},
        "after": {"version": 2, "display_name": "b"},
        "address": "192.0.2.77",
        "request_id": "req-9",
        "digest": newest["digest"],
    }


async def test_audit_by_filter(office: Office) -> None:
    await office.put("/api/slots/slot-001", {"display_name": "a"}, If_Match="*")
    await office.put("/api/slots/slot-002", {"display_name": "b"}, If_Match="*", as_="igor")
    for query, ids in (
        ("actor=igor", [4, 3]),
        ("action=slot.update", [4, 2]),
        ("entity=slot:slot-001", [2]),
        ("entity=slot-001", [2]),
        ("entity=slot", [4, 2]),
        ("entity=admin", [3, 1]),
        ("actor=igor&action=slot.update&entity=slot", [4]),
        ("actor=nobody", []),
        ("entity=slo", []),
    ):
        items = await pages(office, f"/api/audit?{query}", 1)
        assert [item["id"] for item in items] == ids, query


async def test_audit_with_a_filter_that_is_none(office: Office) -> None:
    for query in ("actor=", "action=" + "x" * 201, "since=now"):
        reply = await office.get(f"/api/audit?{query}")
        assert (reply.status, reply.code) == (400, "invalid_request"), query
    # Control characters never reach the database.
    assert (await office.get("/api/audit?entity=a%00b")).status in (200, 400)


async def test_audit_of_wrong_ingest_passwords(office: Office) -> None:
    slot = {"provider": "local", "operation": "look", "params": {}, "enabled": True}
    await office.put("/api/slots/slot-001", slot, If_Match="*")
    await office.put("/api/settings", {"ingest_password": "booth-password"}, If_Match="*")
    reply = await office.call(
        "POST", "/api/ingest/slot-001", raw=b"", token=None, X_Ingest_Password="guess-guess"
    )
    assert reply.status == 401
    found = await office.get("/api/audit?entity=slot-001&actor=unauthenticated")
    (entry,) = found.json()["items"]
    assert entry["action"] == "ingest_password_refused"
    assert "guess" not in str(entry)
