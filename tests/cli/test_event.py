"""``photoboothctl event``, and what the other commands do while an event runs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from photobooth_daemon.clock import rfc3339
from tests.support.commands import Commands
from tests.support.office import Office

EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_CONFLICT, EXIT_EVENT_RUNNING = 1, 2, 4, 5, 7
LOOK = ("provider=local", "operation=look", "enabled=true")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def in_novosibirsk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A zone in which local times and UTC cannot be taken for each other."""

    monkeypatch.setenv("TZ", "Asia/Novosibirsk")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(database_url: str, sql: str) -> list[Any]:
    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(database_url)
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()

    return asyncio.run(fetch())


def plan(commands: Commands, *more: str, begin: int = -5, end: int = 60) -> Any:
    """Plan an event that runs now, unless told otherwise; minutes from now."""
    now = datetime.now(UTC)
    starts, ends = (rfc3339(now + timedelta(minutes=minutes)) for minutes in (begin, end))
    return commands.json(
        "event", "set", "new", "name=Wedding", f"starts={starts}", f"ends={ends}", *more
    )


def test_planning_takes_times_as_the_clock_on_the_wall_shows_them(commands: Commands) -> None:
    event = commands.json(
        "event", "set", "NEW", "name=2026", "starts=2026-11-28 18:00", "ends=02:00", "slots=3,1"
    )
    assert (event["name"], event["slots"]) == ("2026", ["slot-001", "slot-003"])
    assert (event["starts_at"], event["ends_at"]) == (
        "2026-11-28T11:00:00Z",
        "2026-11-28T19:00:00Z",
    )
    listed = commands.good("event", "list")
    assert "2026-11-28 18:00" in listed
    assert "2026-11-29 02:00" in listed
    shown = commands.good("event", "show", "2026")
    assert "2026-11-28 18:00" in shown
    assert "slot-001, slot-003" in shown


def test_a_time_of_day_is_todays_and_its_end_the_next_one(commands: Commands) -> None:
    event = commands.json("event", "set", "new", "name=a", "starts=18:00", "ends=17:30")
    begin = datetime.now(ZoneInfo("Asia/Novosibirsk")).replace(
        hour=18, minute=0, second=0, microsecond=0
    )
    assert event["starts_at"] == rfc3339(begin)
    assert event["ends_at"] == rfc3339(begin + timedelta(hours=23, minutes=30))


def test_what_looks_like_a_number_stays_text_where_text_is_meant(commands: Commands) -> None:
    event = plan(
        commands, "gallery.enabled=true", "gallery.pin=2468", "guest.title=2027",
        "stamp.text=1", "keep_originals=failed", "slots=all",
    )  # fmt: skip
    assert event["gallery"]["pin_set"] is True
    assert event["gallery"]["link"].startswith("/g/")
    assert event["guest"]["title"] == "2027"
    assert event["stamp"]["text"] == "1"
    assert (event["slots"], event["keep_originals"]) == ([], "failed")
    after = commands.json("event", "set", "Wedding", "gallery.pin=null", "stamp=null")
    assert after["gallery"]["pin_set"] is False
    assert after["stamp"] is None
    assert after["version"] == 2


@pytest.mark.parametrize(
    ("assignments", "told"),
    [
        (("starts=tonight", "ends=02:00"), "no time such as"),
        (("starts=2026-11-28", "ends=02:00"), "no time such as"),
        (("starts=25:00", "ends=02:00"), "no time such as"),
        (("starts=18:00", "ends=02:00", "slots=first"), "slots="),
        (("starts=18:00", "ends=02:00", "slots=16"), "/slots"),
        (("starts=18:00",), "/ends_at"),
        (("starts=18:00", "ends=02:00", "gallery.pin=12"), "/gallery/pin"),
        (("starts=2026-11-28 18:00", "ends=2026-11-28 17:00"), "/ends_at"),
        (("starts=18:00", "ends=02:00", "colour=red"), "/colour"),
        (("starts",), "KEY=VALUE"),
    ],
)
def test_every_fault_is_named(commands: Commands, assignments: Any, told: str) -> None:
    result = commands.run("event", "set", "new", "name=Party", *assignments)
    assert result.exit_code == EXIT_USAGE
    assert told in result.output
    assert commands.json("event", "list") == []


def test_an_event_is_found_by_name_or_by_its_ids_beginning(commands: Commands) -> None:
    event = plan(commands)
    for text in ("wedding", event["event_id"], event["event_id"][:8]):
        assert commands.json("event", "show", text)["event_id"] == event["event_id"]
    absent = commands.run("event", "show", "Birthday")
    assert absent.exit_code == EXIT_NOT_FOUND
    assert "Birthday" in absent.output
    plan(commands, begin=100, end=200)
    twice = commands.run("event", "show", "Wedding")
    assert twice.exit_code == EXIT_USAGE
    assert event["event_id"][:8] in twice.output


def test_a_document_that_show_printed_can_be_set_again(commands: Commands) -> None:

    event = plan(commands, "gallery.enabled=true", "gallery.pin=1234")
    result = commands.good(
        "event", "set", "Wedding", "--file", "-", "frozen=false", stdin=json.dumps(event)
    )
    assert "version 2" in result
    assert commands.json("event", "show", "Wedding")["frozen"] is False
    stale = commands.run("event", "set", "Wedding", "--version", "1", "frozen=true")
    assert stale.exit_code == EXIT_CONFLICT
    assert commands.run("event", "set", "Wedding").exit_code == EXIT_USAGE


def test_a_slot_that_another_event_has_is_refused_with_its_name(commands: Commands) -> None:
    plan(commands, "slots=1,2")
    now = datetime.now(UTC)
    taken = commands.run(
        "event", "set", "new", "name=Second", "slots=2",
        f"starts={rfc3339(now)}", f"ends={rfc3339(now + timedelta(hours=1))}",
    )  # fmt: skip
    assert taken.exit_code == EXIT_CONFLICT
    assert "“Wedding”" in taken.output


def test_a_running_event_keeps_slots_and_settings_unless_a_reason_is_stated(
    commands: Commands, database_url: str
) -> None:
    commands.good("slot", "set", "slot-001", *LOOK)
    event = plan(commands, "slots=1")
    until = datetime.fromisoformat(event["ends_at"]).astimezone()
    for change in (
        ("slot", "set", "slot-001", "params.look=noir"),
        ("slot", "reset", "slot-001", "--yes"),
        ("slot", "restore", "slot-001", "2"),
        ("settings", "set", "slot_queue=40"),
        ("settings", "rotate-ingest-password", "--generate"),
    ):
        refused = commands.run(*change)
        assert refused.exit_code == EXIT_EVENT_RUNNING, refused.output
        for told in ("“Wedding”", f"{until:%Y-%m-%d %H:%M}", "cli:operator", "--override"):
            assert told in refused.output
        assert commands.run(*change, "--override", "a").exit_code == EXIT_USAGE
        commands.good(*change, "--override", "  the bride \n asked ")
    entries = rows(
        database_url, "SELECT action, after FROM audit_log ORDER BY audit_id DESC LIMIT 5"
    )
    assert all('"the bride asked"' in entry["after"] for entry in entries)
    commands.good("slot", "set", "slot-002", "display_name=Free")


def test_running_tells_scripts_whether_a_frozen_event_runs(commands: Commands) -> None:
    assert commands.run("event", "running").exit_code == EXIT_FAILED
    plan(commands, "frozen=false", "slots=1")
    plan(commands, begin=100, end=200)
    assert commands.run("event", "running").output == ""
    plan(commands, "slots=2")
    running = commands.run("event", "running")
    assert running.exit_code == 0
    assert running.output.startswith("“Wedding” runs until ")
    assert len(commands.json("event", "running")) == 1


async def test_check_warns_while_a_frozen_event_runs(office: Office) -> None:
    def findings(report: Any) -> Any:
        return [found for found in report.findings if found.check == "event"]

    (quiet,) = findings(await office.app.readiness.check(live=False))
    assert quiet.state == "ok"
    now = datetime.now(UTC)
    body = {
        "name": "Wedding",
        "starts_at": rfc3339(now),
        "ends_at": rfc3339(now + timedelta(hours=1)),
    }
    assert (await office.call("POST", "/api/events", body)).status == 201
    (found,) = findings(await office.app.readiness.check(live=False))
    assert (found.code, found.state, found.subject) == ("event_running", "warning", "Wedding")


async def test_purge_and_delete_remove_what_the_evening_made(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    commands = Commands(database_url, tmp_path)

    async def run(*arguments: str) -> str:
        return await asyncio.to_thread(commands.good, *arguments)

    await office.put(
        "/api/slots/slot-001",
        {"version": 1, "provider": "local", "operation": "look", "params": {}, "enabled": True},
    )
    await asyncio.to_thread(plan, commands)
    first = (await office.photograph()).json()["result_url"]
    assert "1 photos" in await run("event", "purge", "Wedding", "--yes")
    assert (await office.get(first, token=None)).code == "result_removed"
    second = (await office.photograph()).json()["result_url"]
    assert "forgotten" in await run("event", "delete", "Wedding", "--yes")
    assert (await office.get(second, token=None)).status == 200
    await asyncio.to_thread(plan, commands)
    third = (await office.photograph()).json()["result_url"]
    assert "1 photos" in await run("event", "delete", "Wedding", "--purge", "--yes")
    assert (await office.get(third, token=None)).code == "result_removed"
    assert await run("event", "list", "--json") == "[]\n"


def test_the_packages_script_warns_while_a_frozen_event_runs(
    commands: Commands, tmp_path: Path
) -> None:
    script = (ROOT / "debian/photobooth-daemon.postinst").read_text("utf-8")
    body = script[script.index("warn_of_event() {") : script.index("say_what_to_run() {")]
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "photoboothctl"
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} -m photobooth_daemon.cli --config /dev/null "$@"\n'
    )
    program.chmod(0o755)

    def warned() -> str:
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", f"{body}\nwarn_of_event"],
            env={**os.environ, **commands.environment, "PATH": f"{programs}:{os.environ['PATH']}"},
            check=True, capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
        return done.stderr

    assert warned() == ""
    plan(commands)
    assert "“Wedding” runs until" in warned()


async def test_what_an_evening_made_is_listed_archived_and_proved(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    commands = Commands(database_url, tmp_path)

    async def run(*arguments: str) -> str:
        return await asyncio.to_thread(commands.good, *arguments)

    await office.put(
        "/api/slots/slot-001",
        {"version": 1, "provider": "local", "operation": "look", "params": {}, "enabled": True},
    )
    await asyncio.to_thread(plan, commands)
    jobs = [(await office.photograph()).json()["job_id"] for _ in range(2)]
    await office.put(f"/api/jobs/{jobs[0]}/visibility", {"hidden": True})
    listed = json.loads(await run("event", "results", "Wedding", "--json"))
    assert [(one["job_id"], one["hidden"]) for one in listed] == [
        (jobs[1], False),
        (jobs[0], True),
    ]
    assert f"/public/results/{jobs[1]}" in await run("event", "results", "Wedding")
    assert len(json.loads(await run("job", "list", "--event", "Wedding", "--json"))) == 2
    target = tmp_path / "evening.zip"
    assert "MB" in await run("event", "archive", "Wedding", str(target))
    with ZipFile(target) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert len(names) == 3
    assert "index.csv" in names
    told = json.loads(await run("event", "report", "Wedding", "--json", "--no-cost"))
    assert (told["event"]["name"], told["photos"]) == ("Wedding", 2)
    assert "cost" not in told
    assert "Wedding" in await run("event", "report", "Wedding", "--locale", "en")
    assert (await run("event", "report", "Wedding", "--csv")).count("\n") > 1
    page = tmp_path / "report.html"
    await run("event", "report", "Wedding", "--html", str(page))
    assert "Wedding" in page.read_text("utf-8")
    proof = json.loads(await run("event", "retention", "Wedding", "--json"))
    assert proof["kept"]["results"] == 2
    assert (proof["past_their_time"], proof["orphans"]) == (0, 0)
    await office.execute("UPDATE media_object SET expires_at = now() - interval '1 minute'")
    left = await asyncio.to_thread(commands.run, "event", "retention", "Wedding")
    assert left.exit_code == EXIT_FAILED
    assert "past_their_time    2" in left.output


async def test_photos_without_a_picture_are_queued_to_be_made_again(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    commands = Commands(database_url, tmp_path)

    async def counts(*arguments: str) -> Any:
        return await asyncio.to_thread(commands.json, "event", "rerun", "Wedding", *arguments)

    params = {"prompt": "x"}
    await office.put(
        "/api/slots/slot-001",
        {
            "version": 1,
            "provider": "gemini",
            "operation": "edit",
            "params": params,
            "enabled": True,
        },
    )
    await asyncio.to_thread(plan, commands, "keep_originals=failed")
    assert (await office.photograph()).status == 502
    none = {"queued": 0, "running": 0, "done": 0, "failed": 0}
    assert await counts("--status", "timeout") == none
    assert (await counts())["queued"] == 1
    assert (await counts("--show"))["queued"] == 1
    assert await counts("--cancel") == none
    actions = [row["action"] for row in await office.fetch("SELECT action FROM audit_log")]
    assert actions.count("event.rerun") == 2
