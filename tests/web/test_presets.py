"""Presets of the contract, through the port: shipped ones, one's own, their pictures."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.in_turn import in_turn
from tests.support.office import KEY, Office
from tests.support.quick_painter import QuickPainter
from tests.support.sample_pictures import RED, corners, jpeg, near

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
    prompts = [item for item in items if item["prompts"]]
    assert len(prompts) >= 12
    assert all(item["provider"] == "local" for item in items if not item["prompts"])
    for item in prompts:
        assert item["params"] == {"prompt": item["prompts"]["en"]}
        assert re.search("[а-яё]", item["prompts"]["ru"]), item["preset_id"]
        assert not re.search("[а-яё]", item["prompts"]["en"], re.I), item["preset_id"]
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
            assert (await picture(office, item["after_url"])).size == before.size == (512, 341)
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


@in_turn(
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


PROMPT = {
    "provider": "gemini",
    "operation": "edit",
    "enabled": True,
    "fallback": [{"provider": "local", "operation": "look", "params": {"look": "noir"}}],
}


@pytest.fixture
def studio(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Studio]:
    """An office whose provider makes pictures."""
    provider = FakeProvider(keys=[KEY], painter=QuickPainter())
    opened = io_loop.run_sync(lambda: Office.open(database, tmp_path, gemini_url=provider.start()))
    yield Studio(opened, provider)
    io_loop.run_sync(opened.close)
    io_loop.run_sync(provider.stop)


@dataclass
class Studio:
    office: Office
    provider: FakeProvider

    async def shipped(self) -> dict[str, Any]:
        """A shipped prompt, as it is listed now."""
        items = await listed(self.office)
        return next(item for item in items if item["preset_id"] == "edit-comic")

    async def tried(self, **config: Any) -> dict[str, Any]:
        """Try a recipe that is not saved; the answer."""
        parts = {"config": json.dumps({**PROMPT, **config}), "file": jpeg(corners(1200, 800))}
        reply = await self.office.post_form(f"{SLOT}/test", parts)
        assert reply.status == 200, reply.body
        answer: dict[str, Any] = reply.json()
        return answer


async def test_a_test_run_fills_the_sample_of_its_recipe(studio: Studio) -> None:
    shipped = await studio.shipped()
    assert shipped["after_url"] is None
    await studio.tried(params={"prompt": "Something else."})
    assert (await studio.shipped())["after_url"] is None
    await studio.tried(params={**shipped["params"], "aspect_ratio": "3:2"})
    filled = await studio.shipped()
    assert filled["before_url"] != shipped["before_url"]
    before = await picture(studio.office, filled["before_url"])
    assert before.size == (512, 341)
    assert near(before, (0.1, 0.1), RED)
    await picture(studio.office, filled["after_url"])
    # The first one stays until it is forgotten.
    await studio.tried(params=shipped["params"])
    assert await studio.shipped() == filled
    path = f"{PRESETS}/{shipped['preset_id']}/sample"
    assert (await studio.office.call("DELETE", path)).status == 204
    assert await studio.shipped() == shipped
    assert (await studio.office.call("DELETE", path)).code == "preset_not_found"


async def test_a_picture_of_another_rung_is_no_sample(studio: Studio) -> None:
    shipped = await studio.shipped()
    studio.provider.script.then("image_safety", times=4)
    answer = await studio.tried(params=shipped["params"])
    assert answer["status"] == "done"
    assert (await studio.shipped())["after_url"] is None
    studio.provider.script.clear()
    # Of two rungs of one operation nobody knows which of them it was.
    twice = [{"provider": "gemini", "operation": "edit", "params": {"prompt": "Another."}}]
    await studio.tried(params=shipped["params"], fallback=twice)
    assert (await studio.shipped())["after_url"] is None


async def test_the_same_words_in_russian_make_the_sample_too(studio: Studio) -> None:
    shipped = await studio.shipped()
    await studio.tried(params={"prompt": shipped["prompts"]["ru"]})
    filled = await studio.shipped()
    await picture(studio.office, filled["after_url"])


async def test_samples_go_with_the_results_they_are_of(studio: Studio) -> None:
    shipped = await studio.shipped()
    answer = await studio.tried(params=shipped["params"])
    assert (await studio.shipped())["after_url"]
    removed = await studio.office.call("DELETE", f"/api/jobs/{answer['job_id']}/result")
    assert removed.status == 204
    assert await studio.shipped() == shipped

    await studio.office.put(SLOT, LOOK, If_Match="*")
    job_id = (await studio.office.photograph()).headers["X-Job-ID"]
    made = await studio.office.call("POST", PRESETS, {"slot_id": "slot-001", "title": TITLE})
    assert made.json()["after_url"]
    assert (await studio.office.call("DELETE", f"/api/jobs/{job_id}/result")).status == 204
    own = (await listed(studio.office))[0]
    assert (own["preset_id"], own["after_url"]) == (made.json()["preset_id"], None)
