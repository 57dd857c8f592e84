"""The contract's "Events", through the port: what a frozen event keeps while it runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.events import EVENTS, SLOT, planned
from tests.support.office import Office
from tests.support.sample_pictures import png, see_through

FROZEN = (
    ("PUT", SLOT, {"display_name": "Arch"}),
    ("DELETE", SLOT, None),
    ("POST", f"{SLOT}/revisions/1/restore", None),
    ("POST", "/api/slots/slot-002/copy", {"to": "slot-001"}),
    ("PUT", "/api/settings", {"result_ttl_hours": 24}),
)


@pytest.mark.parametrize(("method", "path", "body"), FROZEN)
async def test_a_running_event_keeps_what_it_has(
    office: Office, method: str, path: str, body: Any
) -> None:
    await planned(office, 90, 120)
    assert (await office.call(method, path, body, If_Match="*")).status < 300
    event = await planned(office, slots=["slot-001"])
    refused = await office.call(method, path, body, If_Match="*")
    assert (refused.status, refused.code) == (423, "event_running")
    assert refused.json()["event"] == {
        **refused.json()["event"],
        "event_id": event["event_id"],
        "name": "Wedding",
        "ends_at": event["ends_at"],
        "updated_by": "serg",
    }
    for reason in ("no", "x" * 201):
        refused = await office.call(method, path, body, If_Match="*", X_Override_Freeze=reason)
        assert (refused.status, refused.code) == (400, "invalid_request")
    done = await office.call(method, path, body, If_Match="*", X_Override_Freeze="the arch fell")
    assert done.status < 300
    # Other slots are nobody's business, an event without a freeze keeps nothing.
    other = await office.put("/api/slots/slot-002", {"display_name": "Other"}, If_Match="*")
    assert other.status == 200
    await office.put(f"{EVENTS}/{event['event_id']}", {"frozen": False}, If_Match="*")
    assert (await office.call(method, path, body, If_Match="*")).status < 300


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("the arch  was moved", "the arch was moved"),
        ("utf-8''%D1%81%D0%B2%D0%B5%D1%82", "свет"),
        ("свет".encode().decode("latin-1"), "свет"),
    ],
)
async def test_the_reason_is_in_the_audit_log(office: Office, sent: str, kept: str) -> None:
    await planned(office)
    changed = await office.put(SLOT, {"display_name": "Arch"}, If_Match="*", X_Override_Freeze=sent)
    assert changed.status == 200
    entry = (await office.get("/api/audit?action=slot.update")).json()["items"][0]
    assert entry["after"]["override_reason"] == kept
    assert (await office.get("/api/audit?action=event.create")).json()["items"]


async def test_templates_of_a_running_event_stay(office: Office) -> None:
    reply = await office.post_form(
        "/api/template-media/register", {"file": png(see_through()), "label": "logo"}
    )
    media_id = reply.json()["media_id"]
    path = f"/api/template-media/{media_id}"
    event = await planned(office, guest={"logo_media_id": media_id})
    assert event["guest"]["logo_media_id"] == media_id
    assert (await office.call("DELETE", path)).code == "event_running"
    gone = await office.call("DELETE", path, X_Override_Freeze="wrong logo")
    assert gone.status == 204
    now = (await office.get(f"{EVENTS}/{event['event_id']}")).json()
    assert now["guest"]["logo_media_id"] is None
