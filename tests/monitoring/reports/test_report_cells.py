"""A report of photos that cleanup has added up says what a look at each of them says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.repositories.prunes import PruneRepository, list_prunes
from photobooth_daemon.repositories.report_cells import ReportCells
from tests.support.history import add_job
from tests.support.office import Office

HOURS = 40
PHOTOS = 1200
# Of every status, source and provider, many at one instant, with equal durations and without any.
FILL = """
    INSERT INTO job_history (
        job_id, slot_id, slot_version, source, status, failure_code, provider_code, provider,
        attempts, client_fields, input_content_type, input_width, input_height, input_size_bytes,
        input_sha256, result_size_bytes, timings, cost, fallback, started_at, deadline_at,
        finished_at, result_expires_at)
    SELECT gen_random_uuid(), format('slot-%s', lpad((1 + n % 4)::text, 3, '0')), 1,
           CASE n % 11 WHEN 0 THEN 'test' WHEN 1 THEN 'rerun' ELSE 'ingest' END, status,
           CASE WHEN status <> 'done' THEN 'provider_error' END,
           CASE WHEN n % 26 = 0 THEN 'overloaded' END,
           (ARRAY['gemini', 'openai', NULL])[1 + n % 3],
           CASE WHEN n % 5 = 0 THEN '[{}, {}]' ELSE '[{}]' END::jsonb,
           '{}', 'image/jpeg', 1, 1, 1000 + n, '', CASE status WHEN 'done' THEN 2000 + n END,
           CASE WHEN n % 29 = 0 THEN '{}'::jsonb
                ELSE jsonb_build_object('total_ms', 1000 + n * 7919 % 9000,
                                        'provider_ms', n * 7919 % 8000) END,
           CASE WHEN n % 3 > 0 THEN 0.039 * (n % 3) END, n % 17 = 0, at, at, at, at
      FROM (SELECT n, (ARRAY['done', 'done', 'done', 'failed', 'timeout'])[1 + n % 5] AS status,
                   $1::timestamptz - (n * 119 % $2) * interval '1 second'
                   - n % 2 * interval '1 microsecond' AS at
              FROM generate_series(1, $3::integer) AS n) AS thrown
"""
MADE_AGAIN = """
    UPDATE job_history SET rerun_by = (
        SELECT job_id FROM job_history AS made WHERE made.source = 'rerun'
           AND (made.status = 'done') = ($1::integer % 5 > 0)
         ORDER BY job_id LIMIT 1 OFFSET $1)
     WHERE job_id = (SELECT job_id FROM job_history WHERE source = 'ingest' AND rerun_by IS NULL
                      ORDER BY started_at DESC, job_id LIMIT 1 OFFSET $2)
"""


def quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


async def report(office: Office, since: datetime, until: datetime) -> dict[str, Any]:
    times = f"since={rfc3339(since)}&until={rfc3339(until)}"
    reply = await office.get(f"/api/report?{times}")
    assert reply.status == 200, reply.body
    figures: dict[str, Any] = reply.json()
    return figures


async def count(office: Office, table: str) -> int:
    rows = await office.fetch(f"SELECT count(*) AS number FROM {table}")
    number: int = rows[0]["number"]
    return number


async def add_up(office: Office) -> None:
    assert (await office.call("POST", "/api/cleanup")).json()["last"]["succeeded"]


async def test_what_was_added_up_is_what_a_look_at_each_photo_finds(office: Office) -> None:
    now = datetime.now(UTC)
    await office.execute(FILL, now, HOURS * 3600, PHOTOS)
    for n in range(30):
        await office.execute(MADE_AGAIN, n, 35 * n)
    edge = quarter(now - timedelta(hours=5))
    spans = [
        (now - timedelta(hours=HOURS + 1), now),
        (now - timedelta(hours=24), now - timedelta(microseconds=1)),
        (now - timedelta(hours=6, minutes=7), now - timedelta(minutes=3)),
        (edge, edge + timedelta(hours=3)),
        (edge, edge + timedelta(minutes=15)),
        (edge - timedelta(microseconds=1), edge + timedelta(minutes=30, microseconds=1)),
        (edge + timedelta(minutes=1), edge + timedelta(minutes=14)),
        (edge, edge),
        (now - timedelta(days=20), now - timedelta(days=19)),
    ]
    plain = [await report(office, *span) for span in spans]
    assert plain[0]["photos"] > 0.8 * PHOTOS
    assert plain[0]["made_again"] > 10
    assert await count(office, "report_cell") == 0

    await add_up(office)
    assert HOURS * 4 - 6 <= await count(office, "report_quarter") <= HOURS * 4
    assert [await report(office, *span) for span in spans] == plain

    # Made again afterwards, and what came meanwhile.
    await office.execute(MADE_AGAIN, 41, 800)
    await add_job(office.database, now - timedelta(minutes=2), cost=0.5)
    later = [await report(office, *span) for span in spans]
    assert later[0]["made_again"] == plain[0]["made_again"] + 1
    assert later[0]["photos"] == plain[0]["photos"] + 1
    # With a hole in what was added up, each photo is looked at.
    await office.execute("DELETE FROM report_quarter WHERE at = $1", edge)
    assert [await report(office, *span) for span in spans] == later
    await office.execute("DELETE FROM report_quarter")
    assert await count(office, "report_cell") == 0
    assert [await report(office, *span) for span in spans] == later


async def test_photos_that_were_added_up_are_not_looked_at_again(office: Office) -> None:
    now = datetime.now(UTC)
    job_id = await add_job(office.database, now - timedelta(hours=3), cost=0.25)
    await add_up(office)
    await office.execute("UPDATE report_cell SET cost = 7")
    figures = await report(office, now - timedelta(hours=6), now)
    assert (figures["photos"], figures["cost"]) == (1, 7)
    assert [photo["job_id"] for photo in figures["slowest"]] == [str(job_id)]


async def test_a_quarter_waits_for_its_last_photo(office: Office) -> None:
    now = datetime.now(UTC)
    begun = now - timedelta(hours=8)
    await add_job(office.database, begun)
    await add_job(office.database, now - timedelta(hours=4), status="pending")
    cells = ReportCells(office.database)
    oldest = now - timedelta(days=31)
    while await cells.keep(now, oldest):
        pass
    newest = (await office.fetch("SELECT max(at) AS at FROM report_quarter"))[0]["at"]
    assert newest == quarter(now - timedelta(hours=4)) - timedelta(minutes=15)
    assert (await office.fetch("SELECT min(at) AS at FROM report_quarter"))[0]["at"] == quarter(
        begun
    )
    await office.execute(
        "UPDATE job_history SET status = 'failed', finished_at = now() WHERE status = 'pending'"
    )
    while await cells.keep(now, oldest):
        pass
    newest = (await office.fetch("SELECT max(at) AS at FROM report_quarter"))[0]["at"]
    assert newest == quarter(now - timedelta(hours=1)) - timedelta(minutes=15)
    assert (await report(office, begun, now))["failures"] == 1


@pytest.mark.parametrize(("history_days", "left"), [(90, 31), (7, 7)])
async def test_what_no_report_reaches_is_deleted(
    office: Office, history_days: int, left: int
) -> None:
    now = datetime.now(UTC)
    for days in (6, 30, 33):
        await add_job(office.database, now - timedelta(days=days), job_id=uuid4())
    cells = ReportCells(office.database)
    while await cells.keep(now, now - timedelta(days=40)):
        pass
    prunes = PruneRepository(office.database)
    for prune in list_prunes(now, timedelta(days=history_days)):
        if prune.table == "report_quarter":
            while await prunes.delete(prune, 200):
                pass
    rows = await office.fetch("SELECT min(at) AS at FROM report_quarter")
    assert timedelta() <= rows[0]["at"] - (now - timedelta(days=left)) < timedelta(minutes=15)
    assert await count(office, "report_cell") == sum(days < left for days in (6, 30, 33))
