"""Template media of the HTTP contract, row by row, through the port."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from photobooth_daemon.administration import templates as templates_module
from photobooth_daemon.pictures import threads
from tests.support.fakes import Crowd, eventually
from tests.support.office import Office, Reply
from tests.support.sample_pictures import (
    avif,
    camera_jpeg,
    corners,
    jpeg,
    needs_avif,
    png,
    see_through,
    webp,
)

MB = 1024 * 1024
REGISTER = "/api/template-media/register"


async def register(office: Office, picture: bytes, **fields: str) -> Reply:
    return await office.post_form(REGISTER, {"file": picture, **fields})


async def media_id_of(office: Office, picture: bytes | None = None) -> str:
    reply = await register(office, picture or png(see_through()))
    assert reply.status == 201, reply.body
    return str(reply.json()["media_id"])


def scratch(office: Office) -> list[str]:
    return [path.name for path in (office.media_root / "scratch").iterdir()]


# POST /api/template-media/register


async def test_register(office: Office) -> None:
    picture = png(see_through(300, 200))
    reply = await register(office, picture, label="Рамка")
    assert reply.status == 201, reply.body
    media = reply.json()
    assert media == {
        "media_id": media["media_id"],
        "label": "Рамка",
        "content_type": "image/png",
        "width": 300,
        "height": 200,
        "size_bytes": len(picture),
        "preview_url": f"/api/template-media/{media['media_id']}/preview",
        "content_url": f"/api/template-media/{media['media_id']}/content",
        "used_by": [],
        "created_at": media["created_at"],
        "created_by": "serg",
    }
    assert reply.headers["Location"] == f"/api/template-media/{media['media_id']}"
    content = await office.get(media["content_url"])
    assert (content.status, content.body) == (200, picture)
    assert scratch(office) == []


async def test_large_pictures_are_looked_at_one_at_a_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(templates_module._inspect)
    monkeypatch.setattr(templates_module, "_inspect", crowd)
    monkeypatch.setattr(threads, "LARGE_MEGAPIXELS", 1.01)
    replies = await asyncio.gather(
        *(register(office, jpeg(corners(1500, 1000 + n))) for n in range(3))
    )
    assert {reply.status for reply in replies} == {201}
    assert crowd.most == 1


async def test_register_each_kind(office: Office) -> None:
    for picture, kind in ((jpeg(), "image/jpeg"), (png(), "image/png"), (webp(), "image/webp")):
        media = (await register(office, picture)).json()
        assert (media["content_type"], media["label"]) == (kind, "")


@needs_avif
async def test_register_keeps_an_avif_as_png(office: Office) -> None:
    media = (await register(office, avif(see_through()))).json()
    assert (media["content_type"], media["width"], media["height"]) == ("image/png", 300, 200)
    content = await office.get(media["content_url"])
    assert len(content.body) == media["size_bytes"]
    image = Image.open(BytesIO(content.body))
    assert (image.format, image.convert("RGBA").getpixel((150, 100))[3]) == ("PNG", 0)


async def test_register_turns_a_lying_picture_upright(office: Office) -> None:
    media = (await register(office, camera_jpeg(corners(300, 200), orientation=6))).json()
    assert (media["width"], media["height"]) == (200, 300)
    content = await office.get(media["content_url"])
    assert len(content.body) == media["size_bytes"]
    image = Image.open(BytesIO(content.body))
    assert (image.size, image.getexif().get(0x0112, 1)) == ((200, 300), 1)


async def test_register_invalid_image(office: Office) -> None:
    whole = jpeg(corners(600, 400))
    for broken in (whole[: len(whole) // 2], whole[:200], png()[:100]):
        reply = await register(office, broken)
        assert (reply.status, reply.code) == (422, "invalid_image")
    assert (await office.get("/api/template-media")).json()["items"] == []
    assert scratch(office) == []
    assert list((office.media_root / "templates").iterdir()) == []


async def test_register_unsupported_media_type(office: Office) -> None:
    for other in (b"GIF89a" + b"x" * 100, b"<svg/>", b"%PDF-1.4", b"x"):
        reply = await register(office, other)
        assert (reply.status, reply.code) == (422, "unsupported_media_type")


async def test_register_payload_too_large(office: Office) -> None:
    put = await office.put("/api/settings", {"version": 1, "max_upload_mb": 1})
    assert put.status == 200, put.body
    announced = await register(office, b"x" * (40 * MB))
    assert (announced.status, announced.code) == (422, "payload_too_large")
    streamed = await register(office, b"\xff\xd8\xff" + b"x" * MB)
    assert (streamed.status, streamed.code) == (422, "payload_too_large")
    whole = jpeg()
    assert (await register(office, whole + b"\0" * (MB - len(whole)))).status == 201
    await eventually(lambda: scratch(office) == [])


async def test_register_over_max_pixels(office: Office) -> None:
    put = await office.put("/api/settings", {"version": 1, "max_pixels": 1_000_000})
    assert put.status == 200, put.body
    reply = await register(office, jpeg(corners(1001, 1000)))
    assert (reply.status, reply.code) == (422, "invalid_image")
    assert (await register(office, jpeg(corners(1000, 1000)))).status == 201


async def test_register_label_too_long(office: Office) -> None:
    reply = await register(office, jpeg(), label="я" * 81)
    assert reply.status == 422
    assert reply.pointers == ["/label"]
    assert (await register(office, jpeg(), label="я" * 80)).status == 201


async def test_register_needs_a_form_with_one_file(office: Office) -> None:
    for reply in (
        await office.call("POST", REGISTER, {}),
        await office.post_form(REGISTER, {"label": "x"}),
        await office.post_form(REGISTER, {"file": b""}),
    ):
        assert (reply.status, reply.code) == (400, "invalid_request")


# GET /api/template-media · GET …/{media_id}, /content, /preview


async def test_list_is_newest_first_in_pages(office: Office) -> None:
    made = [await media_id_of(office, jpeg(corners(40 + n, 40))) for n in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        page = (await office.get(f"/api/template-media?limit=2{more}")).json()
        seen += [item["media_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]


async def test_one_with_the_slots_that_use_it(office: Office) -> None:
    media_id = await media_id_of(office)
    await bind(office, media_id, "slot-002", "slot-001")
    media = (await office.get(f"/api/template-media/{media_id}")).json()
    assert media["used_by"] == ["slot-001", "slot-002"]


async def test_content_and_preview_as_files(office: Office) -> None:
    media_id = await media_id_of(office, png(see_through(1200, 800)))
    url = f"/api/template-media/{media_id}"
    preview = await office.get(f"{url}/preview")
    assert (preview.status, preview.headers["Content-Type"]) == (200, "image/webp")
    image = Image.open(BytesIO(preview.body))
    assert (max(image.size), image.mode) == (512, "RGBA")
    content = await office.get(f"{url}/content")
    assert content.headers["Content-Type"] == "image/png"
    assert content.headers["X-Content-Type-Options"] == "nosniff"
    tag = content.headers["ETag"]
    assert tag != preview.headers["ETag"]
    again = await office.get(f"{url}/content", If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    part = await office.get(f"{url}/content", Range="bytes=0-7")
    assert (part.status, part.body) == (206, content.body[:8])
    head = await office.call("HEAD", f"{url}/content")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(content.body)))


async def test_media_not_found(office: Office) -> None:
    for media_id in (str(uuid4()), "x", "%00", "0" * 32):
        for suffix in ("", "/content", "/preview"):
            reply = await office.get(f"/api/template-media/{media_id}{suffix}")
            assert (reply.status, reply.code) == (404, "media_not_found"), media_id
        reply = await office.call("DELETE", f"/api/template-media/{media_id}")
        assert (reply.status, reply.code) == (404, "media_not_found")


# DELETE /api/template-media/{media_id}


async def bind(office: Office, media_id: str, *slot_ids: str, **changes: Any) -> None:
    for slot_id in slot_ids:
        slot = {
            "enabled": True,
            "provider": "local",
            "operation": "frame",
            "template_media": [{"role": "frame", "media_id": media_id}],
            **changes,
        }
        reply = await office.put(f"/api/slots/{slot_id}", slot, If_Match="*")
        assert reply.status == 200, reply.body


async def test_delete(office: Office) -> None:
    media_id = await media_id_of(office)
    reply = await office.call("DELETE", f"/api/template-media/{media_id}")
    assert (reply.status, reply.body) == (204, b"")
    assert (await office.get(f"/api/template-media/{media_id}/content")).status == 404
    actions = await office.fetch("SELECT action FROM audit_log ORDER BY audit_id DESC LIMIT 2")
    assert [row["action"] for row in actions] == ["template.delete", "template.register"]


async def test_delete_in_use(office: Office) -> None:
    media_id = await media_id_of(office)
    await bind(office, media_id, "slot-002", "slot-005")
    reply = await office.call("DELETE", f"/api/template-media/{media_id}")
    assert (reply.status, reply.code) == (409, "in_use")
    assert reply.json()["slots"] == ["slot-002", "slot-005"]
    assert "slot-002" in reply.json()["detail"]
    assert (await office.get(f"/api/template-media/{media_id}")).status == 200


async def test_delete_and_unbind(office: Office) -> None:
    media_id = await media_id_of(office)
    await bind(office, media_id, "slot-002")
    await bind(office, media_id, "slot-005", enabled=False)
    path = f"/api/template-media/{media_id}"
    assert (await office.call("DELETE", f"{path}?unbind=perhaps")).code == "invalid_request"
    assert (await office.call("DELETE", f"{path}?unbind=1", as_="igor")).status == 204
    for slot_id in ("slot-002", "slot-005"):
        slot = (await office.get(f"/api/slots/{slot_id}")).json()
        assert (slot["version"], slot["template_media"], slot["enabled"]) == (3, [], False)
        assert slot["updated_by"] == "igor"
    assert (await office.get("/api/slots/slot-001")).json()["version"] == 1
    # A photo that was admitted with the template may still read it.
    assert [path.name for path in (office.media_root / "templates").iterdir()] == [media_id]
