"""An event's gallery through the port: the pages, the PIN, the list, what comes and goes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from photobooth_daemon.repositories.jobs import JOB_COLUMNS
from tests.support.fakes import eventually
from tests.support.office import Office, Reply, cheap
from tests.web.test_events import EVENTS, LOOK, SLOT, planned

FORM = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"


@dataclass
class Hall:
    """A daemon with an event whose gallery is open, and how a guest asks for it."""

    office: Office
    event: dict[str, Any]
    cookie: str = ""

    @classmethod
    async def open(cls, office: Office, *times: float, **config: Any) -> Hall:
        await office.put(SLOT, LOOK, If_Match="*")
        gallery = {"enabled": True, **config.pop("gallery", {})}
        hall = cls(office, await planned(office, *times, gallery=gallery, **config))
        if "pin" in gallery:
            quick = "UPDATE event SET gallery_pin_hash = $1 WHERE event_id = $2"
            await office.execute(quick, cheap(gallery["pin"]), UUID(hall.event["event_id"]))
        return hall

    @property
    def path(self) -> str:
        return "/g/" + str(self.event["gallery"]["link"]).rpartition("/g/")[2]

    async def get(self, tail: str = "", **headers: str) -> Reply:
        if self.cookie:
            headers["Cookie"] = self.cookie
        given = {"Accept_Language": "en", **headers}
        return await self.office.get(self.path + tail, token=None, **given)

    async def type_pin(self, pin: str, body: str = "", **headers: str) -> Reply:
        given = {"Content_Type": FORM, "X_Forwarded_For": "192.0.2.5", **headers}
        raw = (body or f"pin={pin}").encode()
        return await self.office.call("POST", f"{self.path}/pin", raw=raw, token=None, **given)

    async def pictures(self, query: str = "") -> list[str]:
        reply = await self.get(f"/pictures{query}")
        assert reply.status == 200, reply.body
        return [item["job_id"] for item in reply.json()["items"]]

    async def shoot(self, **options: Any) -> str:
        answer = await self.office.photograph(**options)
        assert answer.status == 200, answer.body
        return str(answer.json()["job_id"])

    async def change(self, **config: Any) -> None:
        path = f"{EVENTS}/{self.event['event_id']}"
        assert (await self.office.put(path, config, If_Match="*")).status == 200

    async def hide(self, job_id: str, hidden: bool = True) -> None:
        path = f"/api/jobs/{job_id}/visibility"
        assert (await self.office.put(path, {"hidden": hidden})).status == 204

    async def copy_job(self, original: str, count: int, **columns: Any) -> None:
        """Let the event have so many more pictures, each a second older than the one before."""
        names = [name.strip() for name in JOB_COLUMNS.split(",")]
        taken = {"job_id": "gen_random_uuid()", "started_at": "started_at - n * interval '1 s'"}
        values = ", ".join({**taken, **columns}.get(name, name) for name in names)
        await self.office.execute(
            f"INSERT INTO job_history ({', '.join(names)})"
            f" SELECT {values} FROM job_history, generate_series(1, {count}) AS n"
            " WHERE job_id = $1",
            UUID(original),
        )


@dataclass
class Stream:
    """What a guest's browser is told."""

    told: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False

    async def tells(self, kind: str, job_id: str, *, seconds: float = 2.0) -> None:
        begun = time.monotonic()
        await eventually(lambda: (kind, job_id) in self.told, seconds=10)
        assert time.monotonic() - begun < seconds


@asynccontextmanager
async def following(hall: Hall, tail: str = "/live", **headers: str) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", hall.office.port)
    if hall.cookie:
        headers["Cookie"] = hall.cookie
    lines = [f"GET {hall.path}{tail} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert " 200 " in head.partition("\r\n")[0], head
    assert "text/event-stream" in head
    stream = Stream()

    async def read() -> None:
        kind = ""
        while line := await reader.readline():
            text = line.decode().strip()
            if text == "0":  # The chunk that ends the answer; the connection lives on.
                stream.ended = True
            if text.startswith("event: "):
                kind = text.removeprefix("event: ")
            if text.startswith("data: "):
                job = json.loads(text.removeprefix("data: ")).get("job_id", "")
                stream.told.append((kind, job))

    task = asyncio.create_task(read())
    try:
        yield stream
    finally:
        task.cancel()
        writer.close()


async def test_a_gallery_shows_the_event_s_pictures_newest_first(office: Office) -> None:
    hall = await Hall.open(office, guest={"title": "Anna & Boris", "accent": "#ffee00"})
    empty = await hall.get()
    assert (empty.status, "no photos yet" in empty.body.decode()) == (200, True)
    shot = [await hall.shoot() for _ in range(3)]
    reply = await hall.get()
    text = reply.body.decode()
    assert (reply.status, reply.headers["Content-Type"]) == (200, HTML)
    assert re.findall(r'data-job="([^"]+)"', text) == shot[::-1]
    assert text.count('loading="lazy"') == 3
    assert len(re.findall(r'<img src="[^"]*/preview" width="\d+" height="\d+"', text)) == 3
    assert "Anna &amp; Boris" in text
    assert "?k=" not in text
    keys = await office.fetch("SELECT guest_key FROM job_history")
    assert not [row for row in keys if row["guest_key"] in text]
    assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
    assert not re.findall(r"<script(?![^>]*\bsrc=)", text)
    assert "archive.zip" not in text
    await hall.change(gallery={"archive": True})
    assert f'href="{hall.path}/archive.zip"' in (await hall.get()).body.decode()


async def test_the_list_has_what_the_contract_says(office: Office) -> None:
    hall = await Hall.open(office)
    job_id = await hall.shoot()
    (item,) = (await hall.get("/pictures")).json()["items"]
    assert item.keys() == {
        "job_id", "preview_url", "result_url", "width", "height", "created_at", "expires_at"
    }  # fmt: skip
    assert item["result_url"] == f"/public/results/{job_id}"
    assert (await office.get(item["preview_url"], token=None)).status == 200
    for wrong in ("?limit=0", "?cursor=x"):
        assert (await hall.get(f"/pictures{wrong}")).code == "invalid_request"


async def test_pages_lead_through_all_pictures_without_javascript(office: Office) -> None:
    hall = await Hall.open(office, -60 * 24, 60)
    first = await hall.shoot()
    await hall.copy_job(first, 149)
    whole = await hall.pictures("?limit=200")
    assert len(whole) == 150
    seen: list[str] = []
    tail = ""
    while True:
        text = (await hall.get(tail)).body.decode()
        seen += re.findall(r'data-job="([^"]+)"', text)
        older = re.search(r'href="[^"]*(\?cursor=[^"]+)" rel="next"', text)
        assert (f'<a class="button" href="{hall.path}"' in text) == bool(tail)
        if older is None:
            break
        tail = older[1]
    assert seen == whole
    page = (await hall.get("/pictures?limit=100")).json()
    rest = await hall.pictures(f"?limit=100&cursor={page['next_cursor']}")
    assert [item["job_id"] for item in page["items"]] + rest == whole


async def test_two_thousand_pictures_cost_no_more(office: Office) -> None:
    hall = await Hall.open(office, -60 * 24, 60)
    await hall.copy_job(await hall.shoot(), 1999)
    await office.execute("ANALYZE job_history")
    took = []
    for _ in range(7):
        begun = time.monotonic()
        reply = await hall.get()
        took.append(time.monotonic() - begun)
        assert reply.body.count(b'loading="lazy"') == 60
    assert min(took) < 0.1, took
    assert len(reply.body) < 100_000


async def test_what_is_no_picture_of_the_event_is_nowhere(office: Office) -> None:
    hall = await Hall.open(office, slots=["slot-001"])
    await office.put("/api/slots/slot-002", LOOK, If_Match="*")
    shown = await hall.shoot()
    elsewhere = await hall.shoot(slot_id="slot-002")
    hidden, removed, expired = [await hall.shoot() for _ in range(3)]
    failed, test, rerun = uuid4(), uuid4(), uuid4()
    for job_id, columns in (
        (failed, {"status": "'failed'"}),
        (test, {"source": "'test'"}),
        (rerun, {"source": "'rerun'"}),
    ):
        await hall.copy_job(shown, 1, job_id=f"'{job_id}'::uuid", **columns)
    await hall.hide(hidden)
    await office.call("DELETE", f"/api/jobs/{removed}/result")
    await office.execute(
        "UPDATE job_history SET result_expires_at = now() WHERE job_id = $1", UUID(expired)
    )
    assert await hall.pictures() == [shown, str(rerun)]
    text = (await hall.get()).body.decode()
    for job_id in (elsewhere, hidden, removed, expired, str(failed), str(test)):
        assert job_id not in text
    results = f"{EVENTS}/{hall.event['event_id']}/results"
    items = (await office.get(results)).json()["items"]
    assert {item["job_id"]: item["hidden"] for item in items} == {
        shown: False,
        str(rerun): False,
        hidden: True,
    }
    some = (await office.get(f"{results}?limit=1")).json()
    more = (await office.get(f"{results}?limit=5&cursor={some['next_cursor']}")).json()
    assert some["items"] + more["items"] == items
    assert (await office.get(f"{EVENTS}/{uuid4()}/results")).code == "event_not_found"
    assert (await office.get(f"/public/results/{hidden}", token=None)).status == 200


async def test_a_link_that_is_nobody_s_is_404(office: Office) -> None:
    hall = await Hall.open(office)
    old = hall.path
    await hall.shoot()

    async def none_at(path: str) -> None:
        page = await office.get(path, token=None)
        assert (page.status, page.headers["Content-Type"]) == (404, HTML), path
        for tail in ("/pictures", "/live"):
            reply = await office.get(path + tail, token=None)
            assert (reply.status, reply.code) == (404, "gallery_not_found")
        pin = await office.call("POST", f"{path}/pin", raw=b"pin=1", token=None, Content_Type=FORM)
        assert pin.status == 404
        for tail in ("/qr.svg", "/logo"):
            assert (await office.get(path + tail, token=None)).status == 404

    for path in ("/g/" + "A" * 22, "/g/x", "/g/%00"):
        await none_at(path)
    renewed = await office.call("POST", f"{EVENTS}/{hall.event['event_id']}/gallery/renew")
    await none_at(old)
    hall.event = renewed.json()
    assert (await hall.get()).status == 200
    path = hall.path
    await hall.change(gallery={"enabled": False})
    await none_at(path)


async def test_once_nothing_is_left_it_is_gone(office: Office) -> None:
    hall = await Hall.open(office)
    job_id = await hall.shoot()
    await office.execute("UPDATE event SET ends_at = now()")
    assert (await hall.get()).status == 200, "the pictures outlive the evening"
    await office.call("DELETE", f"/api/jobs/{job_id}/result")
    page = await hall.get()
    assert (page.status, page.headers["Content-Type"]) == (410, HTML)
    assert "The event is over" in page.body.decode()
    assert (await hall.get("/pictures")).code == "gallery_ended"


async def test_a_pin_keeps_others_out(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    job_id = await hall.shoot()
    page = await hall.get()
    text = page.body.decode()
    assert (page.status, page.headers["Content-Type"]) == (200, HTML)
    assert f'action="{hall.path}/pin"' in text
    assert '<label for="pin">' in text
    assert job_id not in text
    for tail in ("/pictures", "/live"):
        reply = await hall.get(tail)
        assert (reply.status, reply.code) == (401, "pin_required")
    wrong = await hall.type_pin("1357")
    assert (wrong.status, wrong.headers["Content-Type"]) == (401, HTML)
    assert wrong.cookies() == {}
    right = await hall.type_pin("2468")
    assert (right.status, right.headers["Location"]) == (303, hall.path)
    cookie = right.cookies()["photobooth_gallery"]
    for part in ("HttpOnly", "SameSite=Lax", f"Path={hall.path}", "Max-Age=43200"):
        assert part in cookie
    assert "Secure" not in cookie
    secure = await hall.type_pin("2468", X_Forwarded_Proto="https")
    assert "Secure" in secure.cookies()["photobooth_gallery"]
    hall.cookie = cookie.partition(";")[0]
    assert job_id in (await hall.get()).body.decode()
    assert await hall.pictures() == [job_id]
    to_show = await hall.type_pin("", body="pin=2468&to=show")
    assert to_show.headers["Location"] == f"{hall.path}/show"


async def test_a_pass_ends_with_its_pin_and_its_time(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    await hall.shoot()
    given = (await hall.type_pin("2468")).cookies()["photobooth_gallery"].partition(";")[0]
    name, _, value = given.partition("=")
    ends, _, seal = value.partition(".")
    hours = datetime.fromtimestamp(int(ends), UTC) - datetime.now(UTC)
    assert timedelta(hours=11.9) < hours < timedelta(hours=12.1)
    for forged in ("", "x", f"{int(ends) + 1}.{seal}", f"{ends}.{'A' * 43}", f"1.{seal}"):
        hall.cookie = f"{name}={forged}"
        assert (await hall.get("/pictures")).code == "pin_required"
    hall.cookie = given
    other = await Hall.open(office, 120, 180, gallery={"pin": "2468"})
    other.cookie = given
    assert (await other.get("/pictures")).code == "pin_required"
    assert (await hall.get("/pictures")).status == 200
    await hall.change(gallery={"pin": "2468"})
    assert (await hall.get("/pictures")).code == "pin_required", "a PIN that is set again, too"
    await hall.change(gallery={"pin": None})
    assert (await hall.get("/pictures")).status == 200


async def test_guessing_ends_before_bcrypt_is_asked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    for number in range(9):
        assert (await hall.type_pin(f"{number:04}")).status == 401
    assert (await hall.type_pin("2468")).status == 303, "a right one does not count"
    assert (await hall.type_pin("0000")).status == 401
    asked: list[str] = []
    real = office.app.guest_passwords.verify_for

    async def noted(asker: str, *arguments: Any) -> bool:
        asked.append(asker)
        return await real(asker, *arguments)

    monkeypatch.setattr(office.app.guest_passwords, "verify_for", noted)
    over = await hall.type_pin("2468")
    assert (over.status, over.code) == (429, "too_many_attempts")
    assert 0 < int(over.headers["Retry-After"]) <= 900
    page = await hall.type_pin("2468", Accept="text/html")
    assert (page.status, page.headers["Content-Type"]) == (429, HTML)
    assert asked == []
    assert (await hall.type_pin("2468", X_Forwarded_For="192.0.2.6")).status == 303
    for number in range(10):
        await hall.type_pin("9999", X_Forwarded_For=f"2001:db8::{number + 1:x}")
    same_network = await hall.type_pin("2468", X_Forwarded_For="2001:db8::ffff")
    assert same_network.code == "too_many_attempts"


async def test_what_is_no_pin_is_refused(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    assert (await hall.type_pin("", body="pin=" + "1" * 5000)).code == "payload_too_large"
    assert (await hall.type_pin("1" * 100)).status == 401
    assert (await hall.type_pin("", body="pen=1")).status == 401
    assert (await hall.type_pin("2468", Content_Type="text/plain")).status == 415
    open_hall = await Hall.open(office, 120, 180)
    assert (await open_hall.type_pin("1")).status == 303


async def test_pictures_come_and_go_by_themselves(office: Office) -> None:
    hall = await Hall.open(office, slots=["slot-001"])
    await office.put("/api/slots/slot-002", LOOK, If_Match="*")
    async with following(hall) as stream:
        first = await hall.shoot()
        await stream.tells("picture", first)
        await hall.hide(first)
        await stream.tells("gone", first)
        stream.told.clear()
        await hall.hide(first, hidden=False)
        await stream.tells("picture", first)
        await hall.shoot(slot_id="slot-002")
        await office.call("DELETE", f"/api/jobs/{first}/result")
        await stream.tells("gone", first)
        second = await hall.shoot()
        await stream.tells("picture", second)
        assert stream.told == [("picture", first), ("gone", first), ("picture", second)]
        await office.call("POST", f"{EVENTS}/{hall.event['event_id']}/purge")
        await stream.tells("gone", second)


async def test_a_picture_whose_time_is_over_goes_by_itself(office: Office) -> None:
    hall = await Hall.open(office)
    job_id = await hall.shoot()
    await office.execute("UPDATE job_history SET result_expires_at = now() + interval '2 s'")
    async with following(hall) as stream:
        await asyncio.sleep(1)
        assert stream.told == []
        await stream.tells("gone", job_id, seconds=3)


async def test_a_stream_ends_when_the_gallery_is_closed_to_it(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    hall.cookie = (await hall.type_pin("2468")).cookies()["photobooth_gallery"].partition(";")[0]
    async with following(hall) as stream:
        await hall.change(gallery={"pin": "1357"})
        await eventually(lambda: stream.ended)
    await hall.change(gallery={"pin": None})
    async with following(hall) as stream:
        await hall.change(gallery={"enabled": False})
        await eventually(lambda: stream.ended)


async def test_one_address_keeps_only_so_many_streams(office: Office) -> None:
    hall = await Hall.open(office)
    guest = {"X_Forwarded_For": "192.0.2.9"}
    async with _many(hall, 16, **guest):
        refused = await hall.get("/live", **guest)
        assert (refused.status, refused.code) == (429, "rate_limited")
        async with following(hall, "/live?for=show", **guest):
            pass
        async with following(hall, X_Forwarded_For="192.0.2.10"):
            pass

    async def has_place() -> bool:
        try:
            async with following(hall, **guest):
                return True
        except AssertionError:
            return False

    await eventually(has_place)


@asynccontextmanager
async def _many(hall: Hall, count: int, **headers: str) -> AsyncIterator[None]:
    if count == 0:
        yield
        return
    async with following(hall, **headers), _many(hall, count - 1, **headers):
        yield


async def test_the_gallery_s_code_is_drawn(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"})
    reply = await hall.get("/qr.svg")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/svg+xml")
    assert b"<svg" in reply.body


async def test_the_slideshow_s_page_needs_the_same_as_the_gallery(office: Office) -> None:
    hall = await Hall.open(office, gallery={"pin": "2468"}, guest={"greeting": "Hello <3"})
    await hall.shoot()
    asked = await hall.get("/show")
    assert (asked.status, 'name="to" value="show"' in asked.body.decode()) == (200, True)
    assert "/qr.svg" not in asked.body.decode()
    await hall.change(gallery={"pin": None})
    page = await hall.get("/show")
    text = page.body.decode()
    assert (page.status, page.headers["Content-Type"]) == (200, HTML)
    assert f'src="{hall.path}/qr.svg"' in text
    assert "Hello &lt;3" in text
    assert "img-src 'self' blob:" in page.headers["Content-Security-Policy"]
    assert "blob:" not in (await hall.get()).headers["Content-Security-Policy"]
    await hall.change(gallery={"enabled": False})
    assert (await hall.get("/show")).status == 404


async def test_a_picture_made_again_comes_by_itself_and_goes_with_its_guest_s_key(
    office: Office,
) -> None:
    hall = await Hall.open(office, keep_originals="failed", frozen=False)
    # Nobody answers at the provider's address.
    away = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}
    await office.put(SLOT, {**LOOK, **away}, If_Match="*")
    failed = await office.photograph()
    assert failed.status == 502
    first = failed.json()["job_id"]
    await office.put(SLOT, LOOK, If_Match="*")
    async with following(hall) as stream:
        again = (await office.call("POST", f"/api/jobs/{first}/rerun")).json()["job_id"]
        assert await hall.pictures() == []

        async def is_made() -> bool:
            await office.app.reruns.look()
            return ("picture", again) in stream.told

        await eventually(is_made, every_seconds=0.1)
        assert await hall.pictures() == [again]
        (row,) = await office.fetch("SELECT guest_key FROM job_history WHERE job_id = $1", first)
        reply = await office.call(
            "POST",
            f"/r/{first}/delete",
            raw=f"k={row['guest_key']}".encode(),
            token=None,
            Content_Type=FORM,
        )
        assert reply.status == 303
        await stream.tells("gone", again)
        assert await hall.pictures() == []
