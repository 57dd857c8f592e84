"""``…/archive.zip``: every picture of an evening, through the port."""

from __future__ import annotations

import asyncio
import csv
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZIP_STORED, ZipFile

import pytest

from photobooth_daemon.media.archive import FOR_GUESTS
from photobooth_daemon.model.csv_text import csv_text
from tests.support import archives
from tests.support.archives import PICTURES, add_large_evening
from tests.support.hall import Hall
from tests.support.office import Office
from tests.support.past_evenings import add_photo, keep
from tests.web.test_events import planned


@cache
def noon() -> datetime:
    """The same time whenever it is asked for."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)


def opened(body: bytes) -> ZipFile:
    archive = ZipFile(BytesIO(body))
    assert archive.testzip() is None
    assert {entry.compress_type for entry in archive.infolist()} == {ZIP_STORED}
    return archive


def index_of(archive: ZipFile) -> list[dict[str, str]]:
    assert archive.namelist()[-1] == "index.csv"
    return list(csv.DictReader(StringIO(archive.read("index.csv").decode())))


async def archive_of(office: Office, event: dict[str, Any], query: str = "") -> ZipFile:
    reply = await office.get(f"/api/events/{event['event_id']}/archive.zip{query}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/zip")
    return opened(reply.body)


async def test_pictures_are_in_order_of_taking_and_in_an_index(office: Office) -> None:
    event = await planned(office, -180, 60, name="Свадьба Ани")
    at = noon()
    second = await add_photo(
        office, event["event_id"], at + timedelta(seconds=61), b"two", slot="slot-003", cost=0.04
    )
    failed = await add_photo(
        office, event["event_id"], at + timedelta(seconds=90), status="failed", reason="refused"
    )
    first = await add_photo(office, event["event_id"], at, b"one")
    hidden = await add_photo(office, event["event_id"], at + timedelta(seconds=99), b"three")
    await office.execute("UPDATE job_history SET hidden = true WHERE job_id = $1", hidden)
    # Of nobody's, under way, and a trial.
    await add_photo(office, event["event_id"], at, status="pending")
    await add_photo(office, event["event_id"], at, b"trial", source="test")
    reply = await office.get(f"/api/events/{event['event_id']}/archive.zip")
    assert "filename*=UTF-8''%D0%A1%D0%B2%D0%B0" in reply.headers["Content-Disposition"]
    assert reply.headers["X-Accel-Buffering"] == "no"
    archive = opened(reply.body)

    def name(number: int, slot: str, taken_at: datetime) -> str:
        return f"{number:04d}-{slot}-{taken_at.astimezone():%H%M%S}.jpg"

    names = [
        name(1, "slot-001", at),
        name(2, "slot-003", at + timedelta(seconds=61)),
        name(4, "slot-001", at + timedelta(seconds=99)),
    ]
    assert archive.namelist() == [*names, "index.csv"]
    assert [archive.read(name) for name in names] == [b"one", b"two", b"three"]
    # ZIP counts in steps of two seconds.
    stamp = at.astimezone().timetuple()
    assert archive.getinfo(names[0]).date_time == (*stamp[:5], stamp.tm_sec // 2 * 2)
    rows = index_of(archive)
    assert [row["job"] for row in rows] == [str(i) for i in (first, second, failed, hidden)]
    assert [row["outcome"] for row in rows] == ["done", "done", "failed", "done"]
    assert rows[1] == {
        "job": str(second),
        "slot": "slot-003",
        "time": (at + timedelta(seconds=61)).astimezone().isoformat(),
        "outcome": "done",
        "cost": "0.0400",
        "file": names[1],
    }


async def test_guests_get_the_archive_where_the_event_allows_it(office: Office) -> None:
    hall = await Hall.open(
        office, -180, 60, name="Unpaid", guest={"title": "Party"}, gallery={"pin": "1234"}
    )
    shown = await add_photo(office, hall.event["event_id"], noon(), b"shown")
    await add_photo(office, hall.event["event_id"], noon(), b"hidden", job_id=uuid4())
    await office.execute("UPDATE job_history SET hidden = true WHERE job_id <> $1", shown)
    assert (await hall.get("/archive.zip")).code == "not_found"
    await hall.change(gallery={"archive": True})
    assert (await hall.get("/archive.zip")).code == "pin_required"
    hall.cookie = (await hall.type_pin("1234")).headers["Set-Cookie"].partition(";")[0]
    reply = await hall.get("/archive.zip")
    archive = opened(reply.body)
    assert [archive.read(name) for name in archive.namelist()] == [b"shown"]
    assert "Party" in reply.headers["Content-Disposition"]
    assert "Unpaid" not in reply.headers["Content-Disposition"]


async def test_guests_get_what_is_not_hidden_and_no_index(office: Office) -> None:
    event = await planned(office, -180, 60)
    shown = await add_photo(office, event["event_id"], noon(), b"shown")
    hidden = await add_photo(office, event["event_id"], noon(), b"hidden")
    await office.execute("UPDATE job_history SET hidden = true WHERE job_id = $1", hidden)
    body = b""
    archives = next(
        rule.target_kwargs["archives"]
        for rule in office.app.web.wildcard_router.rules
        if "archives" in rule.target_kwargs
    )
    async with archives.open(UUID(event["event_id"]), FOR_GUESTS) as blocks:
        async for block in blocks:
            body += block
    archive = opened(body)
    assert [archive.read(name) for name in archive.namelist()] == [b"shown"], shown


async def test_originals_come_on_demand_those_of_failed_photos_too(office: Office) -> None:
    event = await planned(office, -180, 60)
    at = noon()
    done = await add_photo(office, event["event_id"], at, b"picture")
    failed = await add_photo(office, event["event_id"], at + timedelta(seconds=1), status="failed")
    later = at + timedelta(hours=72)
    await keep(office, done, "original", b"photo", later)
    await keep(office, failed, "original", b"failed photo", later)
    plain = await archive_of(office, event)
    assert len(plain.namelist()) == 2
    whole = await archive_of(office, event, "?originals=1")
    contents = {name[:14]: whole.read(name) for name in whole.namelist() if "/" in name}
    assert contents == {"originals/0001": b"photo", "originals/0002": b"failed photo"}


async def test_a_photo_made_again_has_its_new_picture(office: Office) -> None:
    event = await planned(office, -180, 60)
    at = noon()
    first = await add_photo(office, event["event_id"], at, status="failed", cost=0.01)
    again = await add_photo(
        office, event["event_id"], at + timedelta(hours=1), b"made", source="rerun", cost=0.02
    )
    await office.execute("UPDATE job_history SET rerun_of = $2 WHERE job_id = $1", again, first)
    await office.execute("UPDATE job_history SET rerun_by = $2 WHERE job_id = $1", first, again)
    archive = await archive_of(office, event)
    [row] = index_of(archive)
    assert (row["job"], row["outcome"], row["cost"]) == (str(first), "done", "0.0300")
    assert archive.read(row["file"]) == b"made"


async def test_what_is_no_more_is_left_out_and_listed(office: Office) -> None:
    event = await planned(office, -180, 60)
    at = noon()
    jobs = [
        await add_photo(office, event["event_id"], at + timedelta(seconds=n), b"picture")
        for n in range(3)
    ]
    await office.execute(
        "UPDATE job_history SET result_expires_at = started_at WHERE job_id = $1", jobs[0]
    )
    assert (await office.call("DELETE", f"/api/jobs/{jobs[1]}/result")).status == 204
    archive = await archive_of(office, event)
    assert len(archive.namelist()) == 2
    assert [row["outcome"] for row in index_of(archive)] == ["expired", "removed", "done"]
    assert [bool(row["file"]) for row in index_of(archive)] == [False, False, True]


async def test_an_archive_over_four_gigabytes_is_a_zip64(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same writer, with the limit of the old form brought down to what a test can send."""
    event = await planned(office, -180, 60)
    for second in range(4):
        at = noon() + timedelta(seconds=second)
        await add_photo(office, event["event_id"], at, os.urandom(20_000))
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 50_000)
    reply = await office.get(f"/api/events/{event['event_id']}/archive.zip")
    end_of_directory, locator = b"PK\x06\x06", b"PK\x06\x07"
    assert end_of_directory in reply.body
    assert locator in reply.body
    monkeypatch.undo()
    assert len(index_of(opened(reply.body))) == 4


async def test_an_empty_event_and_none_at_all(office: Office) -> None:
    event = await planned(office)
    assert index_of(await archive_of(office, event)) == []
    path = f"/api/events/{event['event_id']}/archive.zip"
    assert (await office.call("HEAD", path)).status == 200
    assert (await office.get(f"{path}?originals=2")).code == "invalid_request"
    assert (await office.get("/api/events/tonight/archive.zip")).code == "event_not_found"


async def a_large_evening(office: Office, tmp_path: Path) -> dict[str, Any]:
    event = await planned(office, -180, 60)
    await add_large_evening(office, event["event_id"], tmp_path)
    return event


@asynccontextmanager
async def download(office: Office, event: dict[str, Any]) -> AsyncIterator[asyncio.StreamReader]:
    path, token = f"/api/events/{event['event_id']}", await office.token()
    async with archives.download(office, path, "Authorization", f"Bearer {token}") as reader:
        yield reader


async def test_what_happens_under_way_shows(office: Office, tmp_path: Path) -> None:
    event = await a_large_evening(office, tmp_path)
    async with download(office, event) as reader:
        # A photo that ends meanwhile is not in it; a picture that goes meanwhile is left out.
        await add_photo(office, event["event_id"], datetime.now(UTC), b"late")
        [last] = await office.fetch(
            "SELECT job_id FROM job_history WHERE cost IS NULL"
            " ORDER BY started_at DESC OFFSET 1 LIMIT 1"
        )
        gone = await office.call("DELETE", f"/api/jobs/{last['job_id']}/result")
        assert gone.status == 204
        body = await reader.read(-1)
    rows = index_of(opened(body))
    assert len(rows) == PICTURES
    assert [row["outcome"] for row in rows] == ["done"] * (PICTURES - 1) + ["removed"]


async def test_two_at_a_time_and_who_leaves_makes_room(office: Office, tmp_path: Path) -> None:
    event = await a_large_evening(office, tmp_path)
    path = f"/api/events/{event['event_id']}/archive.zip"
    async with download(office, event):
        async with download(office, event):
            full = await office.get(path)
            assert (full.status, full.code) == (429, "rate_limited")
            assert full.headers["Retry-After"] == "60"
        for _ in range(100):
            if (await office.call("HEAD", path)).status == 200:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("the place of a client that left was not given back")


async def test_an_archive_that_breaks_does_not_look_whole(office: Office, tmp_path: Path) -> None:
    event = await a_large_evening(office, tmp_path)
    async with download(office, event) as reader:
        [job] = await office.fetch(
            "SELECT job_id FROM job_history ORDER BY started_at DESC LIMIT 1"
        )
        path = office.media_root / "results" / str(job["job_id"]) / "result.jpg"
        path.unlink()
        path.mkdir()
        body = await reader.read(-1)
    assert b"index.csv" not in body


def test_nothing_in_a_table_is_a_formula() -> None:
    text = csv_text([["=1+1", "-2", -2, 'a "b", c', None, "@x", "plain"]])
    assert text == '\'=1+1,\'-2,-2,"a ""b"", c",,\'@x,plain\r\n'
