"""The report of an event: the figures, in every form that people ask for."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from click.testing import CliRunner, Result

from photobooth_daemon.cli import main
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import Reason
from photobooth_daemon.monitoring.reports.page import render_page
from photobooth_daemon.monitoring.reports.plot import draw, series_of
from photobooth_daemon.monitoring.reports.text import render_text
from photobooth_daemon.monitoring.reports.words import CAUSES, PROVIDERS, STATUSES, WORDS, cause_of
from photobooth_daemon.repositories.event_report import EventReportRepository
from tests.support.fakes import FakeClock
from tests.support.office import Office


async def add_photo(
    database: Database,
    at: datetime,
    total_ms: int,
    status: str = "done",
    *,
    source: str = "ingest",
    slot_id: str = "slot-001",
    provider_code: str | None = None,
    cost: float | None = None,
) -> None:
    async with database.connection() as connection:
        await connection.execute(
            """
            INSERT INTO job_history (job_id, slot_id, slot_version, source, status, failure_code,
                provider_code, provider, attempts, client_fields, input_content_type, input_width,
                input_height, input_size_bytes, input_sha256, result_size_bytes, timings, cost,
                started_at, deadline_at, finished_at, result_expires_at)
            VALUES ($1, $2, 1, $3, $4, $5, $6, 'gemini', '[{}, {}]', '{}', 'image/jpeg', 1, 1,
                    1000, '', 2000, $7, $8, $9, $9, $9, $10)
            """,
            uuid4(),
            slot_id,
            source,
            status,
            None if status == "done" else "provider_error",
            provider_code,
            {"total_ms": total_ms, "provider_ms": total_ms - 100},
            cost,
            at,
            at + timedelta(hours=1) if status == "done" else None,
        )


async def an_evening(database: Database, now: datetime) -> None:
    for minute in range(100):
        await add_photo(database, now - timedelta(minutes=minute), 1000 + 10 * minute, cost=0.04)
    for _ in range(3):
        await add_photo(
            database, now, 48000, "timeout", slot_id="slot-002", provider_code="overloaded"
        )
    await add_photo(database, now, 500, "failed", provider_code="refused")
    await add_photo(database, now, 99000, source="test")
    await add_photo(database, now - timedelta(days=2), 99000)


async def test_the_figures_are_exact(database: Database, clock: FakeClock) -> None:
    now = clock.utcnow()
    await an_evening(database, now)
    report = await EventReportRepository(database).read(
        now - timedelta(hours=12), now + timedelta(seconds=1)
    )
    assert (report.photos, report.done, report.timeouts, report.failures) == (104, 100, 3, 1)
    assert report.success_percent == 96.2
    assert (report.total.p50_ms, report.total.p95_ms, report.total.longest_ms) == (
        1500,
        1970,
        48000,
    )
    assert report.provider.p50_ms == 1400
    assert report.cost == pytest.approx(4.0)
    assert report.received_bytes == 104_000
    assert [(c.status, c.code, c.photos) for c in report.causes] == [
        ("timeout", "overloaded", 3),
        ("failed", "refused", 1),
    ]
    assert [(s.slot_id, s.photos, s.timeouts) for s in report.slots] == [
        ("slot-001", 101, 0),
        ("slot-002", 3, 3),
    ]
    assert [(p.provider, p.attempts) for p in report.providers] == [("gemini", 208)]
    assert [photo.total_ms for photo in report.slowest[:4]] == [48000, 48000, 48000, 1990]
    assert len(report.slowest) == 10
    assert sum(hour.photos for hour in report.hours) == 104


@pytest.mark.parametrize("locale", ["ru", "en"])
async def test_text_and_page_say_the_same(
    database: Database, clock: FakeClock, locale: str
) -> None:
    now = clock.utcnow()
    await an_evening(database, now)
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE slot SET display_name = '<b>Hall</b>' WHERE slot_id = 'slot-001'"
        )
    report = await EventReportRepository(database).read(
        now - timedelta(hours=12), now + timedelta(seconds=1)
    )
    text, page = render_text(report, locale), render_page(report, locale, back="/#/stats")
    for shown in (text, page):
        assert WORDS[locale]["title"] in shown
        assert {"en": "96.2\u202f%", "ru": "96,2\u202f%"}[locale] in shown
        assert {"en": "$4.00", "ru": "4,00\u202f$"}[locale] in shown
        assert {"en": "48.0\u202fs", "ru": "48,0\u202fс"}[locale] in shown
        assert CAUSES[locale]["overloaded"] in shown
        assert str(report.slowest[0].job_id) not in shown
        assert "slot-00" not in shown
    assert "&lt;b&gt;Hall" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert 'href="/#/stats"' in page
    assert page.count('<rect class="done"') == len(series_of(report).bars) + 1
    assert {
        "en": "104 photos, 9 of 10 ready in 2 seconds",
        "ru": "104 фотографии, 9 из 10 готовы за 2 секунды",
    }[locale] in page


async def test_nothing_in_a_russian_report_is_english(database: Database, clock: FakeClock) -> None:
    now = clock.utcnow()
    await an_evening(database, now)
    async with database.connection() as connection:
        await connection.execute("UPDATE slot SET display_name = 'Арка'")
    report = await EventReportRepository(database).read(
        now - timedelta(hours=12), now + timedelta(seconds=1)
    )
    page = re.sub(r"<style>.*?</style>", "", render_page(report, "ru"), flags=re.DOTALL)
    seen = re.sub(r"<[^>]*>", " ", page) + " ".join(re.findall(r'aria-label="([^"]*)"', page))
    words = set(re.findall(r"[A-Za-z]+", html.unescape(seen)))
    assert words <= {"Gemini"}
    assert set(re.findall(r"[A-Za-z]+", render_text(report, "ru"))) <= {"Gemini"}


def test_every_cause_has_words() -> None:
    for reason in Reason:
        for locale in ("ru", "en"):
            assert cause_of(reason.value, locale) != CAUSES[locale]["unknown"]
    assert cause_of("made_up", "ru") == CAUSES["ru"]["unknown"]


@pytest.mark.parametrize(
    ("hours", "busiest", "slowest"),
    [
        # From evening to night: the clock tells it alone.
        (14, "с 21:45 до 22:00: 2 фотографии", ">21:50<"),
        (72, "с 28 ноября 2026, 21:00 до 22:00: 2 фотографии", ">28 ноября 2026, 21:50<"),
        (24 * 13, "28 ноября 2026: 2 фотографии", ">28 ноября 2026, 21:50<"),
    ],
)
async def test_times_have_their_day_only_where_it_is_needed(
    database: Database, hours: int, busiest: str, slowest: str
) -> None:
    begun = datetime(2026, 11, 28, 18, 0).astimezone()
    for minutes in (230, 231, 60 * hours - 10):
        await add_photo(database, begun + timedelta(minutes=minutes), 1000)
    report = await EventReportRepository(database).read(begun, begun + timedelta(hours=hours))
    for shown in (render_text(report, "ru"), render_page(report, "ru")):
        assert f"Больше всего пришло {busiest}." in shown
    assert slowest in render_page(report, "ru")


@pytest.mark.parametrize(
    ("minutes", "bars", "counted"),
    [
        ((0, 20, 100), 8, "each_quarter"),
        ((0, 60 * 60), 61, "each_hour"),
        ((0, 60 * 24 * 20), 21, "each_day"),
    ],
)
async def test_a_plot_has_no_gaps_and_not_too_many_bars(
    database: Database, clock: FakeClock, minutes: tuple[int, ...], bars: int, counted: str
) -> None:
    first = clock.utcnow().replace(minute=0, second=0, microsecond=0)
    for minute in minutes:
        await add_photo(database, first + timedelta(minutes=minute), 1000)
    report = await EventReportRepository(database).read(first, first + timedelta(days=31))
    series = series_of(report)
    assert abs(len(series.bars) - bars) <= 1
    assert series.counted == counted
    assert sum(bar.photos for bar in series.bars) == len(minutes)
    assert WORDS["en"][counted] in draw(series, "en")


async def test_a_time_without_photos(database: Database, clock: FakeClock) -> None:
    report = await EventReportRepository(database).read(
        clock.utcnow() - timedelta(hours=1), clock.utcnow()
    )
    assert report.success_percent is None
    assert WORDS["ru"]["nothing"] in render_text(report, "ru")
    assert WORDS["en"]["nothing"] in render_page(report, "en")


def test_both_languages_have_the_same_words() -> None:
    for words in (WORDS, CAUSES, STATUSES, PROVIDERS):
        assert set(words["ru"]) == set(words["en"])


def run(database_url: str, *arguments: str) -> Result:
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", "report", *arguments],
        env={"PHOTOBOOTH_DATABASE__URL": database_url},
    )


def test_the_command(database_url: str, tmp_path: Path) -> None:
    assert WORDS["ru"]["nothing"] in run(database_url).output
    document: dict[str, Any] = json.loads(run(database_url, "--since", "7d", "--json").output)
    assert document["photos"] == 0
    page = tmp_path / "report.html"
    assert run(database_url, "--html", str(page), "--locale", "en").exit_code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert run(database_url, "--since", "yesterday").exit_code == 2
    assert run(database_url, "--since", "1h", "--until", "2h").exit_code == 2


def test_the_page_goes_where_only_the_caller_may_write(
    database_url: str, tmp_path: Path, callers_directory: Path
) -> None:
    result = run(database_url, "--html", str(callers_directory / "report.html"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out-of-reach" / "report.html").read_text("utf-8").startswith("<!doctype")


@pytest.mark.parametrize(
    ("until", "status"),
    [
        ("0001-01-01T00:00:00Z", 400),
        ("0002-01-01T00:00:00Z", 200),
        ("9998-12-31T23:59:59Z", 200),
        ("9999-12-31T23:59:59Z", 400),
    ],
)
@pytest.mark.parametrize("style", ["json", "text", "html", "csv"])
async def test_the_ends_of_the_calendar(
    office: Office, until: str, status: int, style: str
) -> None:
    assert (await office.get(f"/api/report?format={style}&until={until}")).status == status


async def test_a_report_of_too_many_photos_is_refused_in_words(
    office: Office, database_url: str
) -> None:
    keeper = await asyncpg.connect(database_url)
    try:
        # What takes longer than a statement may, here by waiting.
        await keeper.execute("BEGIN")
        await keeper.execute("LOCK TABLE job_history IN ACCESS EXCLUSIVE MODE")
        reply = await office.get("/api/report")
    finally:
        await keeper.close()
    assert (reply.status, reply.json()["code"]) == (400, "invalid_request")
    assert "shorter time" in reply.json()["detail"]
    assert (await office.get("/api/report")).status == 200
