"""What a guest may do with his picture, through the port: see it, and have it deleted."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.support.office import Office, Reply
from tests.support.sample_pictures import jpeg, png, see_through
from tests.web.test_events import LOOK, SLOT, planned

FORM = "application/x-www-form-urlencoded"


async def photographed(office: Office, **config: Any) -> dict[str, Any]:
    """The answer to a photo of an event."""
    await office.put(SLOT, LOOK, If_Match="*")
    await planned(office, **config)
    answer: dict[str, Any] = (await office.photograph(photo=jpeg())).json()
    return answer


async def page(office: Office, link: str, **headers: str) -> Reply:
    parts = urlsplit(link)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return await office.get(path, token=None, **{"Accept_Language": "en", **headers})


async def delete(office: Office, job_id: str, body: str, **headers: str) -> Reply:
    given = {"Content_Type": FORM, **headers}
    path = f"/r/{job_id}/delete"
    return await office.call("POST", path, raw=body.encode(), token=None, **given)


async def audited(office: Office) -> list[Any]:
    return list((await office.get("/api/audit?action=result.remove")).json()["items"])


def key_of(answer: dict[str, Any]) -> str:
    return str(answer["page_link"]).partition("?k=")[2]


async def test_the_key_is_in_the_page_link_and_nowhere_else(office: Office) -> None:
    answer = await photographed(office)
    key = key_of(answer)
    assert re.fullmatch("[A-Za-z0-9_-]{22}", key)
    assert key not in answer["result_link"]
    text = await office.photograph(Accept="text/plain")
    assert "k=" not in text.body.decode()
    (row,) = await office.fetch(
        "SELECT guest_key FROM job_history WHERE job_id = $1", answer["job_id"]
    )
    assert row["guest_key"] == key
    seen = await page(office, f"/r/{answer['job_id']}")
    assert key not in seen.body.decode()
    assert "<form" not in seen.body.decode()
    wrong = await page(office, f"/r/{answer['job_id']}?k={'A' * 22}")
    assert (wrong.status, "<form" in wrong.body.decode()) == (200, False)


async def test_a_photo_of_no_event_has_no_key(office: Office) -> None:
    await office.put(SLOT, LOOK, If_Match="*")
    answer = (await office.photograph()).json()
    assert "?" not in answer["page_link"]
    refused = await delete(office, answer["job_id"], "k=")
    assert refused.status == 403
    assert (await office.get(answer["result_url"], token=None)).status == 200


async def test_a_guest_deletes_his_picture(office: Office) -> None:
    answer = await photographed(office)
    key, job_id = key_of(answer), answer["job_id"]
    seen = await page(office, answer["page_link"])
    text = seen.body.decode()
    assert f'<form method="post" action="/r/{job_id}/delete">' in text
    assert f'name="k" value="{key}"' in text
    assert 'type="checkbox" required' in text
    assert "form-action 'self'" in seen.headers["Content-Security-Policy"]
    assert f"/r/{job_id}?k=" not in text, "what is shared has no key"
    gone = await delete(office, job_id, f"k={key}", Origin="https://elsewhere.example")
    assert (gone.status, gone.headers["Location"]) == (303, f"/r/{job_id}")
    for link in (answer["result_url"], answer["preview_url"]):
        dead = await office.get(link, token=None)
        assert (dead.status, dead.code) == (410, "result_removed")
    last = await page(office, answer["page_link"])
    assert (last.status, "has been removed" in last.body.decode()) == (410, True)
    assert "<form" not in last.body.decode()
    assert not list(office.media_root.glob(f"results/{job_id}"))
    (entry,) = await audited(office)
    assert (entry["actor"], entry["address"], entry["request_id"]) == ("guest", None, None)
    assert (await delete(office, job_id, f"k={key}")).status == 303
    assert len(await audited(office)) == 1


async def test_without_the_key_nothing_is_gone(office: Office) -> None:
    answer = await photographed(office)
    for body in ("", "k=", "k=wrong", "k=AAAAAAAAAAAAAAAAAAAAAA", "key=x", "k=%00"):
        refused = await delete(office, answer["job_id"], body)
        assert (refused.status, refused.headers["Content-Type"]) == (
            403,
            "text/html; charset=utf-8",
        ), body
        assert (await office.get(answer["result_url"], token=None)).status == 200, body
    assert await audited(office) == []


async def test_what_is_no_small_form_is_refused(office: Office) -> None:
    answer = await photographed(office)
    job_id, key = answer["job_id"], key_of(answer)
    large = await delete(office, job_id, f"k={key}&x={'x' * 5000}")
    assert (large.status, large.code) == (413, "payload_too_large")
    as_json = await delete(office, job_id, f'{{"k": "{key}"}}', Content_Type="application/json")
    assert (as_json.status, as_json.code) == (415, "unsupported_media_type")
    many = await delete(office, job_id, f"k={key}" + "&x=" * 30)
    assert (many.status, many.code) == (400, "invalid_request")
    for unknown in (str(uuid4()), "nonsense"):
        assert (await delete(office, unknown, f"k={key}")).status == 404
    assert (await office.get(answer["result_url"], token=None)).status == 200


async def test_a_browser_asks_each_time_whether_a_picture_of_an_event_is_there(
    office: Office,
) -> None:
    answer = await photographed(office)
    for link in (answer["result_url"], answer["preview_url"], f"{answer['result_url']}/qr.svg"):
        reply = await office.get(link, token=None)
        assert reply.headers["Cache-Control"] == "private, no-cache"
    etag = (await office.get(answer["result_url"], token=None)).headers["ETag"]
    assert (await office.get(answer["result_url"], token=None, If_None_Match=etag)).status == 304
    await delete(office, answer["job_id"], f"k={key_of(answer)}")
    assert (await office.get(answer["result_url"], token=None, If_None_Match=etag)).status == 410


async def test_pages_look_as_the_event_wants(office: Office) -> None:
    logo = await office.post_form(
        "/api/template-media/register", {"file": png(see_through()), "label": "logo"}
    )
    other = await office.post_form(
        "/api/template-media/register", {"file": png(see_through()), "label": "no logo"}
    )
    guest = {
        "title": "Anna & Boris",
        "greeting": "Thank you <3",
        "accent": "#ffee00",
        "logo_media_id": logo.json()["media_id"],
        "locale": "ru",
    }
    answer = await photographed(office, guest=guest)
    seen = await page(office, answer["page_link"])
    text = seen.body.decode()
    assert seen.headers["Content-Language"] == "ru"
    assert "Anna &amp; Boris" in text
    assert "Thank you &lt;3" in text
    assert "--accent:#ffee00;--accent-ink:#000000" in text
    assert "style-src 'self' 'sha256-" in seen.headers["Content-Security-Policy"]
    small = await office.get(f"/r/{answer['job_id']}/logo", token=None)
    assert (small.status, small.headers["Content-Type"]) == (200, "image/webp")
    preview = (await office.get(logo.json()["preview_url"])).body
    assert small.body == preview
    assert other.status == 201
    await delete(office, answer["job_id"], f"k={key_of(answer)}")
    ended = await page(office, answer["page_link"])
    assert (ended.status, "Anna &amp; Boris" in ended.body.decode()) == (410, True)


async def test_without_a_logo_there_is_none(office: Office) -> None:
    answer = await photographed(office)
    for job_id in (answer["job_id"], str(uuid4()), "x"):
        reply = await office.get(f"/r/{job_id}/logo", token=None)
        assert (reply.status, reply.code) == (404, "media_not_found")
    assert '<img class="logo"' not in (await page(office, answer["page_link"])).body.decode()


async def test_the_live_feed_tells_whose_event_a_photo_is(office: Office) -> None:
    answer = await photographed(office)
    await office.execute("SELECT publish_live_drafts(9)")
    rows = await office.fetch(
        "SELECT data FROM live_message WHERE kind = 'job' ORDER BY message_id"
    )
    told = [row["data"] for row in rows if row["data"]["job_id"] == answer["job_id"]]
    (event,) = (await office.get("/api/events")).json()["items"]
    assert [data["status"] for data in told] == ["pending", "done"]
    assert {data["event_id"] for data in told} == {event["event_id"]}


async def test_a_kept_photo_is_deleted_before_there_is_a_picture(office: Office) -> None:
    # Nobody answers at the provider's address.
    slot = {**LOOK, "provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}
    await office.put(SLOT, slot, If_Match="*")
    await planned(office, keep_originals="failed", frozen=False)
    failed = await office.photograph(photo=jpeg())
    assert failed.status == 502
    job_id = failed.json()["job_id"]
    (row,) = await office.fetch("SELECT guest_key FROM job_history WHERE job_id = $1", job_id)
    link = f"/r/{job_id}?k={row['guest_key']}"
    assert list(office.media_root.glob(f"originals/{job_id}/*"))
    missing = await page(office, link)
    assert (missing.status, "<form" in missing.body.decode()) == (404, True)
    assert "<form" not in (await page(office, f"/r/{job_id}")).body.decode()
    # Queued, and kept waiting, for this slot is off.
    await office.put(SLOT, {"enabled": False}, If_Match="*")
    again = await office.call("POST", f"/api/jobs/{job_id}/rerun")
    assert again.status == 202, again.body
    awaited = await page(office, link)
    text = awaited.body.decode()
    assert (awaited.status, 'http-equiv="refresh"' in text, "<form" in text) == (202, True, False)
    assert f'href="{link.replace("&", "&amp;")}&amp;delete=1"' in text
    asked = (await page(office, f"{link}&delete=1")).body.decode()
    assert ("http-equiv" in asked, '<details class="delete" open>' in asked) == (False, True)
    assert (await delete(office, job_id, f"k={row['guest_key']}")).status == 303
    assert not list(office.media_root.glob(f"originals/{job_id}"))
    assert (await page(office, link)).status == 410
