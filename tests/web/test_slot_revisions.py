"""What a slot was before, and how it becomes that again."""

from __future__ import annotations

import base64

from tests.support.office import Office
from tests.support.slots import SLOT, configured, registered


async def test_revisions(office: Office) -> None:
    for name in ("one", "two", "three"):
        await office.put(SLOT, {"display_name": name}, If_Match="*")
    page = (await office.get(f"{SLOT}/revisions?limit=2")).json()
    assert [item["version"] for item in page["items"]] == [4, 3]
    newest = page["items"][0]
    assert (newest["action"], newest["created_by"]) == ("update", "serg")
    assert newest["config"]["display_name"] == "three"
    rest = (await office.get(f"{SLOT}/revisions?limit=2&cursor={page['next_cursor']}")).json()
    assert [item["version"] for item in rest["items"]] == [2, 1]
    assert rest["items"][1]["action"] == "seed"
    assert rest["next_cursor"] is None
    beyond = base64.urlsafe_b64encode(b"n|9000000000").decode().rstrip("=")
    assert len((await office.get(f"{SLOT}/revisions?cursor={beyond}")).json()["items"]) > 2


async def test_restore(office: Office) -> None:
    await configured(office, params={"look": "noir"}, display_name="Зал")
    await office.put(SLOT, {"display_name": "other", "params": {}, "enabled": False}, If_Match="*")
    path = f"{SLOT}/revisions/2/restore"
    assert (await office.call("POST", path)).code == "version_required"
    assert (await office.call("POST", path, If_Match='"2"')).code == "version_conflict"
    reply = await office.call("POST", path, {"version": 3}, as_="igor")
    assert reply.status == 200, reply.body
    assert reply.headers["ETag"] == '"4"'
    slot = reply.json()
    assert (slot["version"], slot["updated_by"]) == (4, "igor")
    assert (slot["display_name"], slot["params"], slot["enabled"]) == (
        "Зал",
        {"look": "noir"},
        True,
    )
    assert slot == (await office.get(SLOT)).json()
    newest = (await office.get(f"{SLOT}/revisions")).json()["items"][0]
    assert (newest["version"], newest["action"]) == (4, "restore")


async def test_restore_a_version_that_never_was(office: Office) -> None:
    for version in ("0", "2", "99999999999", "x", "-1"):
        reply = await office.call("POST", f"{SLOT}/revisions/{version}/restore", If_Match="*")
        assert (reply.status, reply.code) == (404, "not_found"), version


async def test_restore_what_cannot_work_any_more(office: Office) -> None:
    media_id = await registered(office)
    frame = [{"role": "frame", "media_id": media_id}]
    await configured(office, operation="frame", template_media=frame)
    await office.call("DELETE", SLOT, If_Match='"2"')
    assert (await office.call("DELETE", f"/api/template-media/{media_id}")).status == 204
    reply = await office.call("POST", f"{SLOT}/revisions/2/restore", If_Match='"3"')
    assert reply.status == 422
    assert reply.pointers == ["/template_media/0/media_id"]
