"""The stamp on what goes back to the booth: which answers have it, and what stays clean."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.pictures.test_stamp import printed, read, scene
from tests.support.office import Office, Reply
from tests.support.sample_pictures import jpeg
from tests.web.test_events import LOOK, SLOT, planned

BASE = "http://booth.example.com"


@pytest.fixture
def photo() -> bytes:
    return jpeg(scene("light", (1200, 800)))


def links(reply: Reply) -> list[str]:
    picture: Any = type("Stored", (), {"data": reply.body})
    return [code.text for code in read(printed(picture))]


async def photographed(office: Office, photo: bytes, **headers: str) -> Reply:
    reply = await office.photograph(
        photo=photo, Accept="image/jpeg", Host="booth.example.com", **headers
    )
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/jpeg"), reply.body
    return reply


async def link_of(office: Office, reply: Reply) -> str:
    job_id = UUID(reply.headers["X-Job-ID"])
    [job] = await office.fetch("SELECT guest_key FROM job_history WHERE job_id = $1", job_id)
    return f"{BASE}/r/{job_id}?k={job['guest_key']}"


async def test_the_booth_gets_a_stamp_and_the_store_does_not(office: Office, photo: bytes) -> None:
    await office.put(SLOT, LOOK, If_Match="*")
    await planned(office, stamp={"text": "Ваше фото"})
    reply = await photographed(office, photo)
    link = await link_of(office, reply)
    assert links(reply) == [link]
    assert "Content-Location" not in reply.headers
    stored = await office.get(f"/public/results/{reply.headers['X-Job-ID']}", token=None)
    assert links(stored) == []
    page = await office.get(link.removeprefix(BASE), token=None)
    assert (page.status, b"/delete" in page.body) == (200, True)


async def test_a_repeated_photo_has_its_stamp_even_after_the_event(
    office: Office, photo: bytes
) -> None:
    await office.put(SLOT, LOOK, If_Match="*")
    event = await planned(office, stamp={})
    first = await photographed(office, photo, Idempotency_Key="IMG_0001")
    again = await photographed(office, photo, Idempotency_Key="IMG_0001")
    assert again.body == first.body
    await office.execute(
        "UPDATE event SET ends_at = now() - interval '1 minute' WHERE event_id = $1",
        UUID(event["event_id"]),
    )
    late = await photographed(office, photo, Idempotency_Key="IMG_0001")
    assert links(late) == [await link_of(office, first)]


async def test_the_untouched_photo_is_stamped_too(office: Office, photo: bytes) -> None:
    broken = {"provider": "gemini", "operation": "edit", "params": {"prompt": "x"}}
    changed = await office.put(
        SLOT, {**broken, "enabled": True, "on_failure": "original"}, If_Match="*"
    )
    assert changed.status == 200, changed.body
    await planned(office, stamp={})
    reply = await photographed(office, photo)
    assert reply.headers["X-Photobooth-Fallback"] == "original"
    assert links(reply) == [await link_of(office, reply)]


async def test_nothing_else_is_stamped(office: Office, photo: bytes) -> None:
    await office.put(SLOT, LOOK, If_Match="*")
    plain = await photographed(office, photo)
    assert links(plain) == []
    assert plain.headers["Content-Location"]
    await planned(office, 120, 180, stamp={})
    assert links(await photographed(office, photo)) == []
    await planned(office)
    assert links(await photographed(office, photo)) == []
