"""An event's own report: the page that a studio hands to its client, and its other forms."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from photobooth_daemon.monitoring.reports.event import BEST
from photobooth_daemon.repositories.event_pictures import EventPictures
from tests.support.office import Office
from tests.support.past_evenings import add_photo, keep
from tests.support.sample_pictures import jpeg, png, see_through
from tests.web.test_archive import noon
from tests.web.test_events import LOOK, SLOT, planned

MB = 1_000_000


async def an_evening(office: Office, photos: int = 30, **config: Any) -> dict[str, Any]:
    """An evening with pictures, a failure that was made again, and an untouched photo."""
    event = await planned(office, -180, 60, **config)
    at = noon()
    await office.execute("UPDATE slot SET display_name = '=Арка' WHERE slot_id = 'slot-001'")
    for number in range(photos):
        taken_at = at + timedelta(minutes=number)
        job_id = await add_photo(office, event["event_id"], taken_at, b"picture", cost=0.04)
        preview = jpeg(Image.new("RGB", (48, 32), (8 * number % 256, 90, 120)))
        await keep(office, job_id, "preview", preview, taken_at + timedelta(hours=72))
    failed = await add_photo(office, event["event_id"], at, status="failed", reason="refused")
    late = await add_photo(office, event["event_id"], at, status="timeout", reason="overloaded")
    again = await add_photo(office, event["event_id"], at, b"made", source="rerun")
    await keep(office, again, "preview", jpeg(), at + timedelta(hours=72))
    await office.execute("UPDATE job_history SET rerun_by = $2 WHERE job_id = $1", failed, again)
    await office.execute("UPDATE job_history SET fallback = true WHERE job_id = $1", late)
    return event


async def report_of(office: Office, event: dict[str, Any], query: str, **headers: str) -> Any:
    reply = await office.get(f"/api/events/{event['event_id']}/report{query}", **headers)
    assert reply.status == 200, reply.body
    return reply


async def test_the_page_tells_the_evening(office: Office) -> None:
    logo = await office.post_form(
        "/api/template-media/register", {"file": png(see_through()), "label": "logo"}
    )
    event = await an_evening(
        office,
        name="A & B",
        guest={"logo_media_id": logo.json()["media_id"], "accent": "#c02942", "locale": "ru"},
    )
    await office.put(
        SLOT, {"notes": "x"}, If_Match="*", X_Override_Freeze="utf-8''%D1%81%D0%B2%D0%B5%D1%82"
    )
    reply = await report_of(office, event, "", Accept="text/html,*/*;q=0.8")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "img-src data:" in reply.headers["Content-Security-Policy"]
    page = reply.body.decode()
    assert "<h1>A &amp; B</h1>" in page
    assert "--accent: #c02942" in page
    assert "32 фотографии, 9 из 10 готовы за 4 секунды" in page
    assert "сервис отклонил снимок" in page
    assert "Отдано без обработки: 1 фотография" in page
    assert "Обработано заново: 1 фотография" in page
    assert "картинку получили 96,9\u202f%" in page
    assert f"/#/events/{event['event_id']}" in page
    assert page.count("data:image/webp;base64,") == 1
    # The best of each part of the evening, and one for the booth.
    assert page.count("data:image/jpeg;base64,") == BEST + 1
    assert "1,20\u202f$" in page
    seen = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert not re.search(r"slot-0|job_id|[0-9a-f]{8}-[0-9a-f]{4}", seen)


async def test_a_look_with_grain_is_not_the_whole_evening(office: Office) -> None:
    event = await planned(office, -180, 60)
    for number in range(48):
        slot = f"slot-{number % 4 + 1:03d}"
        job_id = await add_photo(
            office, event["event_id"], noon() + timedelta(minutes=number), b"picture", slot=slot
        )
        # The fourth slot's are the largest by far; within a slot, later ones are larger.
        await office.execute(
            "UPDATE job_history SET result_width = 10, result_height = 10, result_size_bytes = $2"
            " WHERE job_id = $1",
            job_id,
            number + (1000 if slot == "slot-004" else 0),
        )
    chosen = await EventPictures(office.database).choose(
        UUID(event["event_id"]), datetime.now(UTC), BEST
    )
    shown = chosen.spread
    assert [(picture.slot_id, picture.taken_at) for picture in chosen.of_slots] == [
        (f"slot-{number + 1:03d}", noon() + timedelta(minutes=44 + number)) for number in range(4)
    ]
    assert len(shown) == BEST
    assert shown == sorted(shown, key=lambda picture: picture.taken_at)
    assert Counter(picture.slot_id for picture in shown) == {
        f"slot-{number:03d}": BEST // 4 for number in range(1, 5)
    }


async def test_cost_is_left_out_on_demand_in_every_form(office: Office) -> None:
    event = await an_evening(office, 3)
    for form in ("html", "text", "csv"):
        shown = (await report_of(office, event, f"?format={form}&locale=en")).body.decode()
        hidden = (await report_of(office, event, f"?format={form}&locale=en&cost=0")).body.decode()
        assert "Cost" in shown
        assert "Cost" not in hidden
        assert "$" not in hidden
    assert '"cost"' in (await report_of(office, event, "?format=json")).body.decode()
    assert '"cost"' not in (await report_of(office, event, "?format=json&cost=0")).body.decode()


async def test_answers_have_the_shape_that_the_document_says(office: Office) -> None:
    event = await an_evening(office, 2)
    document = (await office.get("/api/openapi.json", token=None)).json()
    path = f"/api/events/{event['event_id']}"
    for name, url in (
        ("EventReport", f"{path}/report"),
        ("EventReport", f"{path}/report?cost=0"),
        ("Retention", f"{path}/retention"),
        ("Report", "/api/report"),
    ):
        schema = document["components"]["schemas"][name]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate((await office.get(url)).json())


async def test_what_was_made_again_costs_and_is_no_further_photo(office: Office) -> None:
    event = await an_evening(office, 2)
    await office.execute("UPDATE job_history SET cost = 0.5 WHERE source = 'rerun'")
    report = (await report_of(office, event, "?format=json")).json()
    assert (report["photos"], report["made_again"], report["fallbacks"]) == (4, 1, 1)
    assert report["cost"] == pytest.approx(0.58)
    for lines in (report["slots"], report["providers"]):
        assert [line["photos"] for line in lines] == [4]
        assert [line["cost"] for line in lines] == [pytest.approx(0.58)]


async def test_a_picture_that_came_later_is_a_picture(office: Office) -> None:
    event = await an_evening(office, 2)
    assert (await report_of(office, event, "")).json()["success_percent"] == 75.0
    again = await add_photo(office, event["event_id"], noon(), b"made", source="rerun")
    await office.execute(
        "UPDATE job_history SET rerun_by = $1 WHERE status <> 'done' AND rerun_by IS NULL", again
    )
    report = (await report_of(office, event, "")).json()
    assert (report["success_percent"], report["done"], report["made_again"]) == (100.0, 2, 2)
    text = (await report_of(office, event, "?format=text&locale=en")).body.decode()
    assert "every photo got its picture" in text
    assert re.search(r"^Made again +2$", text, re.MULTILINE)


async def test_changes_against_the_freeze_are_told_with_their_reasons(office: Office) -> None:
    await office.put(SLOT, {**LOOK, "display_name": "Arch"}, If_Match="*")
    event = await planned(office, slots=["slot-001"])
    await office.photograph()
    await office.put(SLOT, {"display_name": "Arch"}, If_Match="*", X_Override_Freeze="no change")
    await office.put(
        SLOT, {"params": {"look": "sepia"}}, If_Match="*", X_Override_Freeze="<b>wrong look</b>"
    )
    await office.put(
        "/api/slots/slot-002", {"display_name": "x"}, If_Match="*", X_Override_Freeze="not here"
    )
    await office.put(
        "/api/settings", {"result_ttl_hours": 24}, If_Match="*", X_Override_Freeze="too long"
    )
    page = (await report_of(office, event, "?format=html&locale=en")).body.decode()
    assert "&lt;b&gt;wrong look&lt;/b&gt;" in page
    assert "not here" not in page
    changes = (await report_of(office, event, "")).json()["overrides"]
    told = [(change["kind"], change["subject"], change["reason"]) for change in changes]
    assert ("slot", "Arch", "<b>wrong look</b>") in told
    assert ("settings", "", "too long") in told
    text = (await report_of(office, event, "?format=text&locale=en")).body.decode()
    assert "Arch: <b>wrong look</b>" in text


async def test_the_table_is_for_spreadsheets(office: Office) -> None:
    event = await an_evening(office, 3)
    reply = await report_of(office, event, "?locale=ru", Accept="text/csv")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = reply.body.decode("utf-8-sig")
    assert reply.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(text)))
    assert [row["Фотобудка"] for row in rows] == ["'=Арка", "Всего"]
    assert [row["Фотографий"] for row in rows] == ["5", "5"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html;q=0.5, text/csv;q=0.9", "text/csv; charset=utf-8"),
        ("text/html;q=none", "application/json; charset=utf-8"),
    ],
)
async def test_accept_chooses_the_form(office: Office, accept: str, kind: str) -> None:
    event = await planned(office)
    reply = await report_of(office, event, "", Accept=accept)
    assert (reply.headers["Content-Type"], reply.headers["Vary"]) == (kind, "Accept")


async def test_a_page_stays_under_three_megabytes(office: Office) -> None:
    event = await planned(office, -180, 60)
    for number in range(20):
        taken_at = noon() + timedelta(minutes=number)
        job_id = await add_photo(office, event["event_id"], taken_at, b"picture")
        await keep(office, job_id, "preview", bytes(300_000), taken_at + timedelta(hours=72))
    page = (await report_of(office, event, "?format=html")).body
    assert 2 * MB < len(page) < 3 * MB


async def test_what_is_hidden_removed_or_expired_is_not_shown(office: Office) -> None:
    event = await planned(office, -180, 60)
    for column in ("hidden = true", "result_removed_at = now()", "result_expires_at = now()"):
        job_id = await add_photo(office, event["event_id"], noon(), b"picture")
        await keep(office, job_id, "preview", b"preview", noon() + timedelta(hours=72))
        await office.execute(f"UPDATE job_history SET {column} WHERE job_id = $1", job_id)
    assert b"data:image" not in (await report_of(office, event, "?format=html")).body


async def test_an_event_without_a_photo_and_none_at_all(office: Office) -> None:
    event = await planned(office)
    page = (await report_of(office, event, "?format=html&locale=en")).body.decode()
    assert "No photos came in this time." in page
    for form in ("text", "csv", "json"):
        await report_of(office, event, f"?format={form}")
    path = f"/api/events/{event['event_id']}/report"
    assert (await office.get(f"{path}?format=pdf")).code == "invalid_request"
    assert (await office.get(f"{path}?cost=2")).code == "invalid_request"
    assert (await office.get(f"/api/events/{UUID(int=1)}/report")).code == "event_not_found"
