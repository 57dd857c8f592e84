"""An event's gallery through the port: its pages, its list, its slideshow, and who finds none."""

from __future__ import annotations

import re
import time
from uuid import UUID, uuid4

from tests.support.hall import FORM, HTML, Hall
from tests.support.office import Office
from tests.web.test_events import EVENTS, LOOK


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
