"""Presets of the contract, through the port: shipped ones, one's own, their pictures."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.support.office import Office

PRESETS = "/api/presets"
SLOT = "/api/slots/slot-001"
LOOK = {"provider": "local", "operation": "look", "params": {"look": "sepia"}, "enabled": True}
TITLE = {"ru": "Тёплая сепия", "en": "Warm sepia"}


async def listed(office: Office) -> list[dict[str, Any]]:
    reply = await office.get(f"{PRESETS}?limit=200")
    assert reply.status == 200
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def picture(office: Office, url: str) -> Image.Image:
    reply = await office.get(url)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/jpeg")
    image = Image.open(io.BytesIO(reply.body))
    image.load()
    return image


async def test_a_dozen_prompts_and_the_looks_are_shipped(office: Office) -> None:
    items = await listed(office)
    assert len([item for item in items if item["provider"] != "local"]) >= 12
    assert len({item["preset_id"] for item in items}) == len(items)
    for item in items:
        assert item["builtin"] is True
        assert all(item["title"][language].strip() for language in ("ru", "en"))
        # Each of them is a recipe that a slot takes as it is.
        config = {key: item[key] for key in ("provider", "operation", "params", "output")}
        reply = await office.put(SLOT, {**config, "enabled": True}, If_Match="*")
        assert reply.status == 200, (item["preset_id"], reply.body)


async def test_a_look_is_shown_before_and_after(office: Office) -> None:
    for item in await listed(office):
        before = await picture(office, item["before_url"])
        if item["provider"] == "local":
            assert (await picture(office, item["after_url"])).size == before.size
        else:
            # Nobody has made it here: there is nothing to show.
            assert item["after_url"] is None
            assert (await office.get(f"{PRESETS}/{item['preset_id']}/after")).status == 404


async def test_pages_go_on(office: Office) -> None:
    first = (await office.get(f"{PRESETS}?limit=3")).json()
    rest = (await office.get(f"{PRESETS}?limit=200&cursor={first['next_cursor']}")).json()
    assert first["items"] + rest["items"] == await listed(office)


async def test_a_preset_is_made_of_a_slot_with_its_newest_picture(office: Office) -> None:
    await office.put(SLOT, {**LOOK, "output": {"quality": 80}}, If_Match="*")
    bare = await office.call("POST", PRESETS, {"slot_id": "slot-001", "title": TITLE})
    assert bare.status == 201
    assert bare.json()["after_url"] is None
    await office.photograph()
    made = await office.call("POST", PRESETS, {"slot_id": "slot-001", "title": TITLE})
    preset = made.json()
    assert preset == {
        **preset,
        "title": TITLE,
        "provider": "local",
        "operation": "look",
        "params": {"look": "sepia"},
        "builtin": False,
        "before_url": None,
    }
    assert preset["output"]["quality"] == 80
    await picture(office, preset["after_url"])
    assert (await listed(office))[0] == preset
    path = f"{PRESETS}/{preset['preset_id']}"
    assert (await office.call("DELETE", path)).status == 204
    assert (await office.call("DELETE", path)).code == "preset_not_found"
    assert (await office.get(preset["after_url"])).code == "preset_not_found"
    actions = [e["action"] for e in (await office.get("/api/audit?entity=preset")).json()["items"]]
    assert actions == ["preset.delete", "preset.create", "preset.create"]


async def test_shipped_presets_stay(office: Office) -> None:
    shipped = (await listed(office))[-1]["preset_id"]
    reply = await office.call("DELETE", f"{PRESETS}/{shipped}")
    assert (reply.status, reply.code) == (409, "builtin_preset")
    for unknown in (str(uuid4()), "x"):
        assert (await office.call("DELETE", f"{PRESETS}/{unknown}")).code == "preset_not_found"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/slot_id", "/title"]),
        ({"slot_id": "slot-001", "title": "x"}, ["/title"]),
        ({"slot_id": "slot-001", "title": {"ru": "x"}}, ["/title/en"]),
        ({"slot_id": "slot-001", "title": {"ru": " ", "en": "x" * 81}}, ["/title/en", "/title/ru"]),
        ({"slot_id": "slot-001", "title": TITLE, "a": 1}, ["/a"]),
        ({"slot_id": "slot-001", "title": TITLE}, ["/slot_id"]),
    ],
)
async def test_a_preset_that_cannot_be(office: Office, body: Any, pointers: list[str]) -> None:
    assert (await office.call("POST", PRESETS, body)).pointers == pointers
    unknown = await office.call("POST", PRESETS, {"slot_id": "slot-099", "title": TITLE})
    assert unknown.code == "slot_not_found"
