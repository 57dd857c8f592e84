"""The booth's client: what it puts on the wire, and what it makes of each answer."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time

import pytest

from photobooth_daemon.rehearsal.camera import Camera, Habits, Shot
from photobooth_daemon.rehearsal.camera_form import Booth, Photo, make_boundary
from photobooth_daemon.rehearsal.shoot import Plan, Summary, shoot
from tests.rehearsal.raw_server import PHOTO, answer, picture, polite, read_head, server
from tests.support.fakes import eventually


async def test_the_request_is_the_captured_one_header_by_header() -> None:
    seen: list[bytes] = []
    async with server(polite(answer("200 OK", "image/jpeg", picture()), seen)) as url:
        camera = Camera(f"{url}/api/ingest/slot-001?survey=1", "pass word")
        shot = await camera.take(PHOTO)
    assert shot.why_original is None
    assert shot.asked_to_continue
    head, body = seen
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /api/ingest/slot-001?survey=1 HTTP/1.1"
    names = [line.partition(":")[0] for line in lines[1:-2]]
    assert names == ["Host", "Content-Type", "Content-Length", "Expect"]
    boundary = lines[2].partition("boundary=")[2]
    assert re.fullmatch(r"-{12}(0\d){12}", boundary)
    assert body.startswith(f"--{boundary}\r\nContent-Disposition: form-data; name=".encode())
    assert body.endswith(PHOTO.data + f"\r\n--{boundary}--\r\n".encode())
    texts = dict(re.findall(rb'name="(\w+)"\r\n\r\n(.*?)\r\n--', body))
    assert re.fullmatch(rb"\d{10}", texts[b"time"])
    assert texts[b"id"].endswith(b".")
    assert texts[b"profile"].startswith(b"C:\\Users\\Booth\\")
    assert re.fullmatch(rb"[0-9a-f]{40}", texts[b"hash"])
    assert texts[b"password"] == b"pass word"
    assert b'name="fileToUpload"; filename="IMG_0042.JPG"\r\nContent-Type: image/jpeg' in body


async def test_a_code_page_makes_fields_that_are_not_utf8() -> None:
    seen: list[bytes] = []
    booth = Booth(encoding="cp1251", more_fields={"{qr1}": "x"}, with_hash=False, file_first=True)
    async with server(polite(answer("200 OK", "image/png", picture()), seen)) as url:
        await Camera(url, None, booth=booth).take(Photo("a.PNG", picture(image_format="PNG")))
    body = seen[1]
    assert "Фотобудка".encode("cp1251") in body
    assert b'name="{qr1}"' in body
    assert b'name="hash"' not in body
    assert b'name="password"' not in body
    assert body.index(b"fileToUpload") < body.index(b'name="time"')


async def test_it_waits_a_second_for_100_and_then_sends_anyway() -> None:
    arrived: list[float] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        asked = time.monotonic()
        await reader.readexactly(1)
        arrived.append(time.monotonic() - asked)
        await reader.readuntil(PHOTO.data[-20:])
        writer.write(answer("200 OK", "image/jpeg", picture()))

    async with server(silent) as url:
        shot = await Camera(url, "p").take(PHOTO)
    assert shot.why_original is None
    assert not shot.asked_to_continue
    assert 0.9 <= arrived[0] < 5


async def test_a_refusal_before_100_costs_no_upload() -> None:
    received: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        body = json.dumps({"code": "slot_not_found"}).encode()
        writer.write(answer("404 Not Found", "application/problem+json", body))
        received.append(await reader.read(1000))

    async with server(refuse) as url:
        shot = await Camera(url, "p").take(PHOTO)
    assert shot.why_original == "404 slot_not_found"
    await eventually(lambda: received == [b""])


async def test_an_answer_in_the_middle_of_the_upload_is_read() -> None:
    async def impatient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await reader.readexactly(100_000)
        writer.write(answer("413 Too Large", "application/problem+json", b"{}"))
        await writer.drain()
        await reader.read(1)

    async with server(impatient) as url:
        shot = await Camera(url, "p").take(Photo("big.jpg", bytes(30_000_000)))
    assert shot.why_original == "413"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (answer("200 OK", "image/jpeg", picture()), None),
        (answer("200 OK", "image/png", picture(image_format="PNG")), None),
        (answer("200 OK", "application/json", b"{}"), "200 with application/json instead"),
        (answer("200 OK", "text/html; charset=x", b"<p>"), "200 with text/html instead"),
        (answer("200 OK", "image/jpeg", b"no jpeg at all"), "200 with a broken image/jpeg"),
        (answer("302 Found", "text/plain", b""), "302"),
        (answer("502 Bad", "application/problem+json", b'{"code":"provider_error"}'), "502 prov"),
        (answer("500 Oh", "text/html", b"<h1>"), "500"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nshort", "connection lost"),
        (b"", "connection lost"),
        (b"nonsense\r\n\r\n", "connection lost"),
    ],
)
async def test_anything_but_a_200_with_a_picture_means_use_original(
    reply: bytes, why: str | None
) -> None:
    async with server(polite(reply)) as url:
        shot = await Camera(url, "p").take(PHOTO)
    assert (shot.why_original or "").startswith(why or "")
    assert (shot.why_original is None) == (why is None) == (shot.picture is not None)


async def test_it_loses_its_patience_and_hangs_up() -> None:
    gone = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await reader.read(-1)
        gone.set()

    async with server(slow) as url:
        shot = await Camera(url, "p", habits=Habits(timeout_seconds=0.5)).take(PHOTO)
        await asyncio.wait_for(gone.wait(), 10)
    assert shot.why_original == "client timeout"
    assert 0.4 <= shot.seconds < 5


async def test_it_can_hang_up_in_the_middle_of_the_upload() -> None:
    received: list[int] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        received.append(len(await reader.read(-1)))

    async with server(listen) as url:
        habits = Habits(hang_up_after_bytes=70_000)
        shot = await Camera(url, "p", habits=habits).take(Photo("x.jpg", bytes(500_000)))
        await eventually(lambda: received == [70_000])
    assert shot.why_original == "hung up"


async def test_nobody_there_is_unreachable() -> None:
    async with server(polite(b"")) as url:
        pass
    shot = await Camera(url, "p").take(PHOTO)
    assert (shot.why_original or "").startswith("unreachable")


async def test_each_photo_has_a_connection_of_its_own_and_a_strip_comes_in_order() -> None:
    ports: list[int] = []
    reply = polite(answer("200 OK", "image/jpeg", picture()))

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        await reply(reader, writer)

    shots: list[Shot] = []
    async with server(count) as url:
        cameras = [Camera(url, "p", booth=Booth(number)) for number in (1, 2)]
        summary = Summary()
        plan = Plan([PHOTO, Photo("IMG_0043.JPG", PHOTO.data)], strip=4)
        await shoot(cameras, plan, shots.append, summary)
    assert len(ports) == len(set(ports)) == 16
    assert [shot.photo for shot in shots if shot.camera == 1] == ["IMG_0042.JPG"] * 4 + [
        "IMG_0043.JPG"
    ] * 4
    assert summary.as_json()["pictures"] == 16
    assert all(shot.picture == b"" for shot in summary.shots)


def test_the_summary_tells_outcomes_and_latencies() -> None:
    summary = Summary()
    for number in range(1, 101):
        why = "502 provider_error" if number > 90 else None
        summary.shots.append(Shot("x", 1, number / 10, why))
    told = summary.as_json()
    assert (told["photos"], told["pictures"], told["originals"]) == (100, 90, 10)
    assert told["why_original"] == {"502 provider_error": 10}
    assert told["seconds"] == {"p50": 4.5, "p95": 8.6, "max": 9.0}


def test_boundaries_differ() -> None:
    chance = random.Random(1)
    assert make_boundary(chance) != make_boundary(chance)
