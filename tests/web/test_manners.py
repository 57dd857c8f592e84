"""Requests in other clothes: what HTTP allows, and what people type."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.booth import PASSWORD, SLOT, Booth
from tests.support.in_turn import in_turn
from tests.support.sample_pictures import jpeg, noise, png, png_header, webp


@in_turn("path", [f"{SLOT}/", SLOT.upper(), f"{SLOT.title()}/"])
async def test_a_slot_s_address_as_people_type_it(booth: Booth, path: str) -> None:
    answer = await booth.post(path=f"/api/ingest/{path}")
    assert answer.status == 200, answer.body
    assert answer.json()["slot_id"] == SLOT


async def test_a_target_that_names_the_whole_address(booth: Booth) -> None:
    reader, writer = await booth.connect()
    writer.write(b"GET http://booth.lan/livez?x=1 HTTP/1.1\r\nHost: elsewhere\r\n\r\n")
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 200")
    answer = await booth.post(path=f"http://booth.lan:8080/api/ingest/{SLOT}?response=json")
    assert answer.status == 200, answer.body
    assert answer.json()["result_link"].startswith("http://booth.lan:8080/public/")


async def test_a_coded_body_is_refused_with_what_is_taken(booth: Booth) -> None:
    answer = await booth.post(Content_Encoding="gzip")
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert answer.headers["Accept-Encoding"] == "identity"
    assert (await booth.post(Content_Encoding="identity")).status == 200
    await booth.nothing_left()


@in_turn("kind", ["image/jpeg", "image/png", "image/webp", "image/*"])
async def test_a_body_that_is_the_picture_itself(booth: Booth, kind: str) -> None:
    picture = {"image/png": png, "image/webp": webp}.get(kind, jpeg)(noise())
    path, headers = f"/api/ingest/{SLOT}", {"Content-Type": kind}
    answer = await booth.request("POST", path, picture, {**headers, "X-Ingest-Password": PASSWORD})
    assert answer.status == 200, answer.body
    refused = await booth.request("POST", path, picture, headers)
    assert (refused.status, refused.code) == (401, "invalid_password")
    await booth.nothing_left()


async def test_a_picture_as_a_body_has_the_limits_of_a_photo(booth: Booth) -> None:
    await booth.configure_settings(max_upload_mb=1)
    path = f"/api/ingest/{SLOT}"
    headers = {"Content-Type": "image/jpeg", "X-Ingest-Password": PASSWORD}
    large = await booth.request("POST", path, b"\xff\xd8\xff" + bytes(1_200_000), headers)
    assert (large.status, large.code) == (413, "payload_too_large")
    text = await booth.request("POST", path, b"hello", headers)
    assert (text.status, text.code) == (415, "unsupported_media_type")
    await booth.nothing_left()


@pytest.mark.parametrize("size", [(1, 59_000_000), (30_001, 1)])
async def test_a_photo_of_very_many_rows_is_refused_by_its_header(
    booth: Booth, size: tuple[int, int]
) -> None:
    answer = await booth.post(booth.form(png_header(*size) + bytes(1000)))
    assert (answer.status, answer.code) == (422, "invalid_image")
    assert (await booth.the_job())["failure_code"] == "invalid_image"
    await booth.nothing_left()


async def test_a_trace_is_passed_on_to_the_provider(booth: Booth) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    parent = f"00-{trace}-b7ad6b7169203331-01"
    assert (await booth.post(traceparent=parent)).status == 200
    told = booth.provider.log.requests[-1].traceparent
    assert told is not None
    assert told.startswith(f"00-{trace}-")
    assert told.endswith("-01")
    assert told != parent
    for broken in ("00-" + "0" * 32 + "-b7ad6b7169203331-01", "nonsense", f"01{parent}"):
        assert (await booth.post(traceparent=broken)).status == 200
        assert booth.provider.log.requests[-1].traceparent is None
