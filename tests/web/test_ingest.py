"""The ingest table of the HTTP contract, row by row, through the port."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
import re
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from tornado.ioloop import IOLoop

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest import open_job, story
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.ingest.requests import RequestBuilder
from photobooth_daemon.ingest.waiting.turns import TURNS
from photobooth_daemon.media.scratch_file import BLOCK_BYTES, ScratchFile
from photobooth_daemon.pictures import kinds, threads
from photobooth_daemon.web import body as body_module
from photobooth_daemon.web import upload as upload_module
from tests.support.booth import PASSWORD, SLOT, Booth, new_key
from tests.support.fakes import Crowd, SwiftClock, eventually
from tests.support.sample_pictures import (
    avif,
    corners,
    jpeg,
    needs_avif,
    noise,
    png,
    see_through,
    webp,
)

MB = 1024 * 1024


@pytest.fixture
def booth(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Booth]:
    opened: Booth = io_loop.run_sync(lambda: Booth.open(database, tmp_path))
    yield opened
    io_loop.run_sync(opened.close)


async def jobs(booth: Booth) -> int:
    (row,) = await booth.fetch("SELECT count(*) AS n FROM job_history")
    return int(row["n"])


# The answer


async def test_json_answer(booth: Booth) -> None:
    answer = await booth.post()
    assert answer.status == 200, answer.body
    body = answer.json()
    job_id = str(UUID(body["job_id"], version=4))
    base = f"http://127.0.0.1:{booth.port}"
    assert body["status"] == "done"
    assert body["slot_id"] == SLOT
    assert body["result_url"] == f"/public/results/{job_id}"
    assert body["result_link"] == f"{base}/public/results/{job_id}"
    assert body["page_link"] == f"{base}/r/{job_id}"
    assert body["preview_url"] == f"/public/results/{job_id}/preview"
    assert (body["preview"], body["fallback"]) == (None, None)
    assert body["timings"].keys() == {
        "upload_ms", "prepare_ms", "wait_ms", "provider_ms", "store_ms", "total_ms"
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", body["expires_at"])
    result = await booth.get(body["result_url"])
    assert result.status == 200
    assert len(result.body) == body["size_bytes"]
    assert Image.open(BytesIO(result.body)).size == (body["width"], body["height"])
    await booth.nothing_left()


async def test_headers_of_every_answer(booth: Booth) -> None:
    for mode in ("json", "image", "text"):
        answer = await booth.post(path=f"/api/ingest/{SLOT}?response={mode}")
        job_id = answer.headers["X-Job-ID"]
        url = f"/public/results/{job_id}"
        assert answer.headers["Link"] == f'<{url}>; rel="related", <{url}/preview>; rel="preview"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert "total;dur=" in answer.headers["Server-Timing"]
        assert answer.headers.get("Content-Location") == (url if mode == "image" else None)
        assert "Transfer-Encoding" not in answer.headers


async def test_image_answer_is_the_stored_picture(booth: Booth) -> None:
    answer = await booth.post(path=f"/api/ingest/{SLOT}?response=image")
    assert answer.headers["Content-Type"] == "image/jpeg"
    stored = await booth.get(answer.headers["Content-Location"])
    assert stored.body == answer.body


async def test_text_answer_is_the_link(booth: Booth) -> None:
    answer = await booth.post(path=f"/api/ingest/{SLOT}?response=text")
    assert answer.headers["Content-Type"].startswith("text/plain")
    link = answer.body.decode()
    assert link.splitlines() == [
        f"http://127.0.0.1:{booth.port}/public/results/{answer.headers['X-Job-ID']}"
    ]


@pytest.mark.parametrize(
    ("accept", "slot_mode", "kind"),
    [
        (None, "image", "image/jpeg"),
        (None, "json", "application/json"),
        ("*/*", "image", "image/jpeg"),
        ("application/json", "image", "application/json"),
        ("image/*", "json", "image/jpeg"),
        ("image/png", "json", "image/jpeg"),
        ("text/plain", "json", "text/plain"),
        ("text/plain;q=0.1, image/*;q=0.9", "json", "image/jpeg"),
        ("text/html", "text", "text/plain"),
    ],
)
async def test_answer_follows_accept_then_the_slot(
    booth: Booth, accept: str | None, slot_mode: str, kind: str
) -> None:
    await booth.configure_slot(response_mode=slot_mode)
    answer = await booth.post(**({} if accept is None else {"Accept": accept}))
    assert answer.headers["Content-Type"].partition(";")[0] == kind


async def test_query_wins_over_accept(booth: Booth) -> None:
    answer = await booth.post(path=f"/api/ingest/{SLOT}?response=text", Accept="image/*")
    assert answer.headers["Content-Type"].startswith("text/plain")


async def test_unknown_response_mode_is_400(booth: Booth) -> None:
    answer = await booth.post(path=f"/api/ingest/{SLOT}?response=xml")
    assert (answer.status, answer.code) == (400, "invalid_request")
    await booth.nothing_left()


async def test_preview_inline_when_asked_or_by_the_slot(booth: Booth) -> None:
    asked = (await booth.post(path=f"/api/ingest/{SLOT}?preview=inline")).json()["preview"]
    await booth.configure_slot(inline_preview=True)
    of_slot = (await booth.post()).json()["preview"]
    for preview in (asked, of_slot):
        assert preview.startswith("data:image/jpeg;base64,")
        data = base64.b64decode(preview.partition(",")[2])
        assert Image.open(BytesIO(data)).format == "JPEG"


async def test_request_id_is_kept_or_made(booth: Booth) -> None:
    kept = await booth.post(X_Request_ID="booth-7.photo_1")
    made = await booth.post(X_Request_ID="not allowed!")
    assert kept.headers["X-Request-ID"] == "booth-7.photo_1"
    assert UUID(made.headers["X-Request-ID"])


# What cameras send


async def test_fields_in_any_order_and_of_any_bytes(booth: Booth) -> None:
    fields = {"profile": "C:\\Профиль".encode("cp1251"), "survey[1]{qr}": b"a\0b", "id": b"S2L_1."}
    answer = await booth.post(booth.form(fields=fields, password_last=True))
    assert answer.status == 200
    kept = (await booth.the_job())["client_fields"]
    assert kept["id"] == "S2L_1."
    assert kept["profile"].startswith("C:\\\ufffd")
    assert kept["survey[1]{qr}"] == "a\ufffdb"
    assert "password" not in kept


async def test_only_the_first_64_fields_and_4_kib_are_kept(booth: Booth) -> None:
    fields = {f"survey{n}": b"x" for n in range(100)} | {"time": b"y" * 9000}
    assert (await booth.post(booth.form(fields=fields))).status == 200
    kept = (await booth.the_job())["client_fields"]
    assert len(kept) == 64
    assert len(kept["time"]) == 4096


async def test_file_alias(booth: Booth) -> None:
    assert (await booth.post(booth.form(name="file"))).status == 200


@pytest.mark.parametrize("photo", [png(see_through()), webp(), png()], ids=["alpha", "webp", "png"])
async def test_png_with_alpha_and_webp_are_taken(booth: Booth, photo: bytes) -> None:
    answer = await booth.post(booth.form(photo), path=f"/api/ingest/{SLOT}?response=image")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")


async def test_expect_100_continue(booth: Booth) -> None:
    answer = await booth.post(Expect="100-continue")
    assert (answer.status, answer.interim) == (200, True)


async def test_body_without_length(booth: Booth) -> None:
    reader, writer = await booth.connect()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Transfer-Encoding": "chunked"}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    body = booth.form()
    for start in range(0, len(body), 1000):
        piece = body[start : start + 1000]
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    writer.write(b"0\r\n\r\n")
    assert (await booth.answer(reader, writer)).status == 200


@pytest.mark.parametrize("header", ["X_Ingest_Password", "Authorization"])
async def test_password_as_a_header(booth: Booth, header: str) -> None:
    basic = "Basic " + base64.b64encode(f"anyone:{PASSWORD}".encode()).decode()
    value = basic if header == "Authorization" else PASSWORD
    assert (await booth.post(booth.form(password=None), **{header: value})).status == 200


# The refusals, in their order


@pytest.mark.parametrize("slot", ["slot-016", "slot-1", "nonsense", "%00", "slot-001%20"])
async def test_404_slot_not_found(booth: Booth, slot: str) -> None:
    answer = await booth.post(path=f"/api/ingest/{slot}")
    assert (answer.status, answer.code) == (404, "slot_not_found")


async def test_404_slot_disabled(booth: Booth) -> None:
    unconfigured = await booth.post(path="/api/ingest/slot-009")
    await booth.configure_slot(enabled=False)
    switched_off = await booth.post()
    for answer in (unconfigured, switched_off):
        assert (answer.status, answer.code) == (404, "slot_disabled")
    assert await jobs(booth) == 0


async def test_a_large_photo_is_refused_in_words_too(booth: Booth) -> None:
    await booth.configure_settings(max_upload_mb=50)
    await booth.configure_slot(enabled=False)
    answer = await booth.post(booth.form(b"\xff\xd8" + b"x" * (30 * MB)))
    assert (answer.status, answer.code) == (404, "slot_disabled")


async def test_507_storage_full(booth: Booth) -> None:
    await booth.configure_settings(min_free_mb=1_000_000)
    for headers in ({}, {"Expect": "100-continue"}):
        answer = await booth.post(**headers)
        assert (answer.status, answer.code, answer.interim) == (507, "storage_full", False)
    assert await jobs(booth) == 0


async def test_413_by_content_length_before_the_body(booth: Booth) -> None:
    await booth.configure_settings(max_upload_mb=1)
    body = booth.form(b"x" * (2 * MB))
    waiting = await booth.post(body, Expect="100-continue")
    pushing = await booth.post(body)
    for answer in (waiting, pushing):
        assert (answer.status, answer.code, answer.interim) == (413, "payload_too_large", False)
    await booth.nothing_left()


async def test_413_while_streaming(booth: Booth) -> None:
    await booth.configure_settings(max_upload_mb=1)
    answer = await booth.post(booth.form(b"\xff\xd8" + b"x" * (MB + 200_000)))
    assert (answer.status, answer.code) == (413, "payload_too_large")
    await booth.nothing_left()
    assert (await booth.post()).status == 200


async def test_401_password_header_before_the_body(booth: Booth) -> None:
    answer = await booth.post(X_Ingest_Password="wrong", Expect="100-continue")
    assert (answer.status, answer.code, answer.interim) == (401, "invalid_password", False)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_429_rate_limited_when_the_waiting_room_is_full(booth: Booth) -> None:
    await booth.configure_settings(slot_concurrency=1, slot_queue=0)
    booth.provider.script.then("image", delay_seconds=3)
    first = asyncio.ensure_future(booth.post())
    await eventually(booth.app.gate.seats)
    second = await booth.post(Expect="100-continue")
    assert (second.status, second.code, second.interim) == (429, "rate_limited", False)
    assert int(second.headers["Retry-After"]) >= 1
    assert (await first).status == 200
    await booth.nothing_left()


@pytest.mark.parametrize(
    "broken",
    ["not multipart", "no boundary", "truncated", "no file", "two files", "empty file", "parts"],
)
async def test_400_invalid_request(booth: Booth, broken: str) -> None:
    kind = f"multipart/form-data; boundary={booth.boundary}"
    form = booth.form()
    end = f"--{booth.boundary}--\r\n".encode()
    file = booth.part("file", jpeg(), "b.jpg")
    kind, body = {
        "not multipart": ("application/json", b"{}"),
        "no boundary": ("multipart/form-data", form),
        "truncated": (kind, form[: len(form) // 2]),
        "no file": (kind, booth.part("password", PASSWORD.encode()) + end),
        "two files": (kind, booth.form()[: -len(end)] + file + end),
        "empty file": (kind, booth.form(b"")),
        "parts": (kind, b"".join(booth.part(f"f{n}", b"x") for n in range(201)) + form),
    }[broken]
    answer = await booth.post(body, Content_Type=kind)
    assert (answer.status, answer.code) == (400, "invalid_request"), answer.body
    assert await jobs(booth) == 0
    await booth.nothing_left()


async def test_408_after_silence(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_module, "SILENCE_SECONDS", 0.3)
    reader, writer = await booth.connect()
    form = booth.form()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Content-Length": str(len(form))}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    writer.write(form[:100])
    answer = await booth.answer(reader, writer)
    assert (answer.status, answer.code) == (408, "upload_timeout")
    await booth.nothing_left()


async def test_408_for_a_trickle_that_reaches_the_deadline(booth: Booth) -> None:
    await booth.configure_settings(sync_response_seconds=3)
    loop = asyncio.get_running_loop()
    reader, writer = await booth.connect()
    form = booth.form()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Content-Length": str(len(form))}
    began = loop.time()
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)

    async def trickle() -> None:
        for byte in form:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.3)

    task = asyncio.ensure_future(trickle())
    answer = await booth.answer(reader, writer)
    task.cancel()
    assert (answer.status, answer.code) == (408, "upload_timeout")
    assert loop.time() - began < 3
    await booth.nothing_left()


@pytest.mark.parametrize("password", ["wrong", "", None, "x" * 100, "null\0byte"])
async def test_401_wrong_or_missing_password_field(booth: Booth, password: str | None) -> None:
    answer = await booth.post(booth.form(password=password))
    assert (answer.status, answer.code) == (401, "invalid_password")
    assert await jobs(booth) == 0
    audited = await booth.fetch("SELECT actor, action, entity, address FROM audit_log")
    assert [tuple(row) for row in audited] == [
        ("unauthenticated", "ingest_password_refused", f"slot:{SLOT}", "127.0.0.1")
    ]
    await booth.nothing_left()


async def test_401_while_no_password_is_set(booth: Booth) -> None:
    await booth.configure_password(None)
    assert (await booth.post()).code == "invalid_password"


async def test_429_too_many_attempts(booth: Booth) -> None:
    wrong = booth.form(password="wrong")
    for _ in range(10):
        assert (await booth.post(wrong)).code == "invalid_password"
    throttled = await booth.post(wrong)
    assert (throttled.status, throttled.code) == (429, "too_many_attempts")
    assert 1 <= int(throttled.headers["Retry-After"]) <= 900
    assert (await booth.post()).status == 200, "the right password always passes"
    assert (await booth.post(wrong)).code == "too_many_attempts", "and forgives nothing"


async def test_wrong_passwords_are_answered_ever_later(database: Database, tmp_path: Path) -> None:
    clock = SwiftClock()
    booth = await Booth.open(database, tmp_path, clock)
    waited = []
    for n in range(12):
        before = clock.skipped_seconds
        answer = await booth.post(booth.form(password="wrong" if n % 2 else f"guess {n}"))
        assert answer.status == (401 if n < 10 else 429)
        waited.append(round(clock.skipped_seconds - before))
    assert waited == [1, 2, 4, 8] + [15] * 8
    before = clock.skipped_seconds
    assert (await booth.post()).status == 200
    assert clock.skipped_seconds == before, "a right one is not"
    await booth.close()


async def test_guesses_by_many_connections_are_tested_one_by_one(
    database: Database, tmp_path: Path
) -> None:
    """However many connections guess, they find out no more, and cameras do not notice."""
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=10)
    assert (await booth.post()).status == 200
    checked, asked = booth.app.camera_passwords.verify, []

    async def verify(password: str | bytes, stored_hash: str | None) -> bool:
        asked.append(password)
        return await checked(password, stored_hash)

    booth.app.camera_passwords.verify = verify  # type: ignore[method-assign]
    ends_at = asyncio.get_running_loop().time() + 4

    async def guess(n: int) -> None:
        number = 0
        while asyncio.get_running_loop().time() < ends_at:
            number += 1
            answer = await booth.post(booth.form(password=f"guess {n} {number}"))
            assert answer.status in (401, 429)
            await asyncio.sleep(0.1)

    guessers = [asyncio.create_task(guess(n)) for n in range(8)]
    slowest_seconds = 0.0
    while (sent := asyncio.get_running_loop().time()) < ends_at:
        assert (await booth.post()).status == 200
        slowest_seconds = max(slowest_seconds, asyncio.get_running_loop().time() - sent)
        await asyncio.sleep(0.1)
    tested = len(asked)
    booth.app.penalties.end()
    await asyncio.gather(*guessers)
    assert 1 <= tested <= 3
    assert slowest_seconds < 1
    await booth.nothing_left()
    await booth.close()


@pytest.mark.parametrize("guessed_bytes", [100, 100_000])
async def test_a_guesser_at_a_cameras_address_does_not_take_its_way_in(
    database: Database, tmp_path: Path, guessed_bytes: int
) -> None:
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=10)
    assert (await booth.post()).status == 200
    loop = asyncio.get_running_loop()

    async def guess(n: int) -> int:
        form = booth.form(b"\xff\xd8" + b"a" * guessed_bytes, password=f"guess {n}")
        return (await booth.post(form)).status

    guesses = [asyncio.create_task(guess(n)) for n in range(20)]
    answers = []
    for _ in range(4):
        await asyncio.sleep(0.25)
        sent = loop.time()
        status = (await booth.post()).status
        answers.append((status, loop.time() - sent))
    booth.app.penalties.end()
    assert set(await asyncio.gather(*guesses)) <= {401, 429}
    assert all(status == 200 and seconds < 1 for status, seconds in answers), answers
    await booth.nothing_left()
    await booth.close()


async def test_a_guess_that_waits_for_its_turn_keeps_no_camera_out_of_a_small_slot(
    database: Database, tmp_path: Path
) -> None:
    """One place and a queue of one: one way in for forms, and a guess in it that waits 8 s."""
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=15, slot_concurrency=1, slot_queue=1)
    assert (await booth.post()).status == 200
    await booth.fetch(
        "INSERT INTO attempt_counter VALUES"
        " ('ingest_password', '127.0.0.1', 3, now() + interval '10 minutes')"
    )
    loop = asyncio.get_running_loop()
    looked_at = asyncio.create_task(booth.post(booth.form(password="guess 0")))
    await asyncio.sleep(1)
    guess = asyncio.create_task(booth.post(booth.form(password="guess 1")))
    await asyncio.sleep(0.2)
    sent = loop.time()
    assert (await booth.post()).status == 200
    assert loop.time() - sent < 2
    assert not guess.done()
    assert booth.app.gate.seats() == 0
    assert (await guess).status in (401, 429)
    assert (await looked_at).status == 401
    await booth.nothing_left()
    await booth.close()


async def test_a_right_password_that_had_to_wait_goes_back_to_a_seat(
    database: Database, tmp_path: Path
) -> None:
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=20, slot_concurrency=1, slot_queue=0)
    released = threading.Event()
    booth.app.camera_passwords._thread.submit(released.wait)
    waits = asyncio.create_task(booth.post())
    await asyncio.sleep(0.2)
    assert booth.app.gate.seats() == 1
    await eventually(lambda: booth.app.gate.seats() == 0)
    released.set()
    assert (await waits).status == 200
    await booth.nothing_left()
    await booth.close()


async def test_a_held_answer_leaves_in_the_window_and_holds_nothing(
    database: Database, tmp_path: Path
) -> None:
    booth = await Booth.open(database, tmp_path, Clock())
    await booth.configure_settings(sync_response_seconds=10)
    await booth.fetch(
        "INSERT INTO attempt_counter VALUES"
        " ('ingest_password', '127.0.0.1', 20, now() + interval '10 minutes')"
    )
    began = asyncio.get_running_loop().time()
    wrong = asyncio.create_task(booth.post(booth.form(password="wrong")))
    await asyncio.sleep(1.5)
    assert not wrong.done()
    assert booth.app.gate.seats() == 0
    assert booth.files() == []
    assert (await wrong).code == "too_many_attempts"
    assert 5 < asyncio.get_running_loop().time() - began < 10
    await booth.close()


async def test_guesses_starve_no_login_and_no_window(booth: Booth) -> None:
    await booth.configure_settings(sync_response_seconds=3)
    released = threading.Event()
    booth.app.camera_passwords._thread.submit(released.wait)
    try:
        began = asyncio.get_running_loop().time()
        guess = await booth.post(X_Ingest_Password="a guess", Expect="100-continue")
        assert asyncio.get_running_loop().time() - began < 3
        assert (guess.status, guess.code, guess.interim) == (429, "rate_limited", False)
        login = json.dumps({"username": "serg", "password": "a guess"}).encode()
        kind = {"Content-Type": "application/json"}
        async with asyncio.timeout(20):
            refused = await booth.request("POST", "/api/login", login, kind)
        assert refused.code == "invalid_credentials"
    finally:
        released.set()
    await booth.nothing_left()


@pytest.mark.parametrize(
    "content", [b"GIF89a" + b"\0" * 60, b"<svg/>", b"hello", b"%PDF-1.7"], ids=lambda c: c[:4]
)
async def test_415_unsupported_media_type(booth: Booth, content: bytes) -> None:
    answer = await booth.post(booth.form(content))
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert await jobs(booth) == 0
    await booth.nothing_left()


@pytest.mark.parametrize("kind", ["truncated jpeg", "truncated png", "magic only"])
async def test_422_invalid_image(booth: Booth, kind: str) -> None:
    whole = jpeg(noise()) if "jpeg" in kind else png(noise())
    content = b"\xff\xd8\xff\xe0" if kind == "magic only" else whole[: len(whole) // 2]
    answer = await booth.post(booth.form(content))
    assert (answer.status, answer.code) == (422, "invalid_image")
    job = await booth.the_job()
    assert answer.json()["job_id"] == str(job["job_id"])
    assert (job["status"], job["failure_code"]) == ("failed", "invalid_image")
    await booth.nothing_left()


@pytest.mark.parametrize("progressive", [False, True])
async def test_a_jpeg_without_its_end_marker_is_taken(booth: Booth, progressive: bool) -> None:
    whole = jpeg(noise(), progressive=progressive)
    answer = await booth.post(booth.form(whole[:-2] + bytes(512)))
    assert answer.status == 200
    assert (await booth.the_job())["status"] == "done"


def iso_media(*brands: bytes) -> bytes:
    """Return the first box of a file of these brands, and nothing else."""
    body = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize("brands", [(b"heic", b"mif1", b"heic"), (b"mif1", b"heic")])
async def test_415_says_what_to_do_about_heic(booth: Booth, brands: tuple[bytes, ...]) -> None:
    answer = await booth.post(booth.form(iso_media(*brands) + bytes(400)))
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert answer.json()["detail"] == ("HEIC pictures cannot be read here: set the camera to JPEG.")


async def test_415_says_what_to_do_about_avif_where_pillow_reads_none(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "reads_avif", lambda: False)
    answer = await booth.post(booth.form(iso_media(b"avif", b"mif1") + bytes(400)))
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert "AVIF pictures cannot be read here" in answer.json()["detail"]


@needs_avif
async def test_avif_is_taken(booth: Booth) -> None:
    answer = await booth.post(booth.form(avif(noise())))
    assert answer.status == 200, answer.body
    job = await booth.the_job()
    assert (job["input_content_type"], job["input_width"]) == ("image/avif", 300)
    await booth.nothing_left()


@needs_avif
async def test_422_for_an_avif_that_is_cut_or_over_max_pixels(booth: Booth) -> None:
    whole = avif(noise(1200, 900))
    answer = await booth.post(booth.form(whole[: len(whole) // 2]))
    assert (answer.status, answer.code) == (422, "invalid_image")
    await booth.configure_settings(max_pixels=1_000_000)
    answer = await booth.post(booth.form(whole))
    assert (answer.status, answer.code) == (422, "invalid_image")
    assert "1200 x 900" in answer.json()["detail"]


async def test_a_providers_gif_becomes_what_the_slot_wants(booth: Booth) -> None:
    booth.provider.script.then("image", format="GIF")
    answer = await booth.post()
    assert answer.status == 200, answer.body
    picture = await booth.get(answer.json()["result_url"])
    assert picture.headers["Content-Type"] == "image/jpeg"


async def test_422_over_max_pixels(booth: Booth) -> None:
    await booth.configure_settings(max_pixels=1_000_000)
    answer = await booth.post(booth.form(jpeg(corners(1200, 900))))
    assert (answer.status, answer.code) == (422, "invalid_image")
    assert (await booth.the_job())["failure_code"] == "invalid_image"


async def test_502_provider_error_with_the_last_reason(booth: Booth) -> None:
    booth.provider.script.always("prompt_blocked")
    answer = await booth.post()
    assert (answer.status, answer.code) == (502, "provider_error")
    job = await booth.the_job()
    assert answer.json()["provider_code"] == "refused" == job["provider_code"]
    assert answer.json()["job_id"] == str(job["job_id"])
    assert (job["status"], job["failure_code"]) == ("failed", "provider_error")
    assert [attempt["reason"] for attempt in job["attempts"]] == ["refused"]
    await booth.nothing_left()


async def test_504_provider_timeout(booth: Booth) -> None:
    await booth.configure_settings(sync_response_seconds=3)
    booth.provider.script.then("hang")
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await booth.post()
    assert loop.time() - began < 3
    assert (answer.status, answer.code) == (504, "provider_timeout")
    # The answer does not wait for a slow database; the row follows it at once.
    await booth.nothing_left()
    job = await booth.the_job()
    assert (job["status"], job["failure_code"]) == ("timeout", "provider_timeout")
    assert answer.json()["job_id"] == str(job["job_id"])
    booth.provider.script.clear()
    assert (await booth.post()).status == 200


async def test_original_instead_of_an_error(booth: Booth) -> None:
    await booth.configure_slot(on_failure="original")
    booth.provider.script.always("prompt_blocked")
    photo = jpeg(
        corners(), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    )
    answer = await booth.post(booth.form(photo))
    body = answer.json()
    assert (answer.status, answer.headers["X-Photobooth-Fallback"]) == (200, "original")
    assert (body["status"], body["fallback"]) == ("failed", "original")
    assert (body["result_url"], body["result_link"], body["page_link"]) == (None, None, None)
    assert (body["width"], body["height"]) == (200, 300), "upright"
    picture = await booth.post(booth.form(photo), path=f"/api/ingest/{SLOT}?response=image")
    assert Image.open(BytesIO(picture.body)).size == (200, 300)
    await booth.nothing_left()


async def test_names_in_a_national_code_page_are_no_reason_to_refuse(booth: Booth) -> None:
    cyrillic = "Фото".encode("cp1251")
    form = booth.form().replace(b"IMG_0042", cyrillic).replace(b'"hash"', b'"' + cyrillic + b'"')
    kind = f"Multipart/Form-Data; Boundary={booth.boundary}"
    answer = await booth.post(form, Content_Type=kind)
    assert answer.status == 200, answer.body
    fields = (await booth.the_job())["client_fields"]
    assert fields == {"time": "1767859200", "\ufffd" * 4: "0f3c"}


# Large pictures


@pytest.mark.parametrize("name", ["finish", "original"])
async def test_large_pictures_are_finished_one_at_a_time(
    booth: Booth, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = story if name == "finish" else open_job
    crowd = Crowd(getattr(module, name))
    monkeypatch.setattr(module, name, crowd)
    monkeypatch.setattr(threads, "LARGE_MEGAPIXELS", 1.01)
    await booth.configure_slot(on_failure="original")
    booth.provider.script.always("prompt_blocked" if name == "original" else "image")
    photo = booth.form(jpeg(corners(1500, 1000)))
    answers = await asyncio.gather(*(booth.post(photo) for _ in range(4)))
    assert all(a.json()["width"] * a.json()["height"] > 1.01e6 for a in answers)
    assert crowd.most == 1


# Failures on top of failures


@pytest.mark.parametrize("on_failure", ["error", "original"])
async def test_a_job_ends_whatever_else_fails(
    booth: Booth, on_failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "a broken disk")

    await booth.configure_slot(on_failure=on_failure)
    booth.provider.script.then("prompt_blocked")
    monkeypatch.setattr(open_job, "original", broken)
    with monkeypatch.context() as while_removing:
        while_removing.setattr(ScratchFile, "_remove", broken)
        answer = await booth.post()
    assert (answer.status, answer.code) == (502, "provider_error")
    assert (await booth.the_job())["status"] == "failed"
    assert (await booth.post()).status == 200


async def test_500_when_the_photo_cannot_be_written(booth: Booth) -> None:
    (booth.media_root / "scratch").rmdir()
    photo = jpeg(noise(2000, 1500), quality=95)
    assert len(photo) > BLOCK_BYTES
    answer = await booth.post(booth.form(photo))
    assert (answer.status, answer.code) == (500, "internal_error")
    assert booth.app.gate.seats() == 0
    (booth.media_root / "scratch").mkdir()
    await booth.nothing_left()


async def test_500_names_the_job_that_it_ended(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(booth.app.media_store, "store_result", broken)
    answer = await booth.post()
    assert (answer.status, answer.code) == (500, "internal_error")
    job = await booth.the_job()
    assert answer.json()["job_id"] == str(job["job_id"])
    assert (job["status"], job["failure_code"]) == ("failed", "internal_error")
    assert "a fault of ours" in caplog.text
    await booth.nothing_left()


async def test_503_names_the_job_whose_end_is_not_recorded_yet(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> bool:
        await asyncio.Event().wait()
        return True

    await booth.configure_settings(sync_response_seconds=3)
    monkeypatch.setattr(Jobs, "end", hang)
    answer = await booth.post()
    assert (answer.status, answer.code) == (503, "database_unavailable")
    assert answer.json()["job_id"] == str((await booth.the_job())["job_id"])
    await booth.app.in_flight.drain(0)


async def test_a_job_ends_when_its_work_is_given_up(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = asyncio.Event()

    async def hang(_: RequestBuilder) -> None:
        closing.set()
        await asyncio.Event().wait()

    booth.provider.script.then("prompt_blocked")
    monkeypatch.setattr(RequestBuilder, "close", hang)
    posting = asyncio.ensure_future(booth.post())
    await closing.wait()
    await booth.app.in_flight.drain(0)
    await eventually(lambda: _ended(booth))
    posting.cancel()


async def _ended(booth: Booth) -> bool:
    return (await booth.the_job())["status"] == "failed"


# Idempotency


async def test_idempotency_key_replays_the_first_answer(booth: Booth) -> None:
    key = new_key()
    first = await booth.post(Idempotency_Key=key)
    again = await booth.post(Idempotency_Key=key)
    picture = await booth.post(path=f"/api/ingest/{SLOT}?response=image", Idempotency_Key=key)
    assert again.json() == first.json()
    assert picture.headers["X-Job-ID"] == first.json()["job_id"]
    assert await jobs(booth) == 1
    await booth.nothing_left()


async def test_second_request_of_a_key_waits_for_the_first(booth: Booth) -> None:
    key = new_key()
    booth.provider.script.then("image", delay_seconds=1)
    answers = await asyncio.gather(*(booth.post(Idempotency_Key=key) for _ in range(3)))
    assert {a.status for a in answers} == {200}
    assert len({a.headers["X-Job-ID"] for a in answers}) == 1
    assert await jobs(booth) == 1


async def test_a_request_that_waited_in_vain_for_the_first_is_told_so(booth: Booth) -> None:
    key = new_key()
    booth.provider.script.then("image", delay_seconds=8)
    first = asyncio.create_task(booth.post(Idempotency_Key=key))
    await eventually(lambda: booth.provider.log.requests)
    await booth.configure_settings(sync_response_seconds=3)
    again = await booth.post(Idempotency_Key=key)
    assert (again.status, again.code) == (504, "provider_timeout")
    assert again.json()["still_running"] is True
    assert (await first).status == 200


async def test_a_key_that_comes_free_too_late_is_no_reason_to_ask_the_provider(
    booth: Booth,
) -> None:
    key = new_key()
    booth.provider.script.then("prompt_blocked", delay_seconds=2)
    first = asyncio.create_task(booth.post(Idempotency_Key=key))
    await eventually(lambda: booth.provider.log.requests)
    await booth.configure_settings(sync_response_seconds=4)
    again = await booth.post(Idempotency_Key=key)
    assert (await first).status == 502
    assert (again.status, again.code) == (504, "provider_timeout")
    # Whoever can wait sends it once more, and has a whole window then.
    assert again.json()["still_running"] is True
    assert len(booth.provider.log.requests) == 1
    assert (await booth.post(Idempotency_Key=key)).status == 200


async def test_a_result_that_expires_while_the_photo_arrives_frees_its_key(booth: Booth) -> None:
    key = new_key()
    form = booth.form()
    assert (await booth.post(form, Idempotency_Key=key)).status == 200
    reader, writer = await booth.connect()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Content-Length": str(len(form)), "Idempotency-Key": key}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    await eventually(booth.app.gate.seats)
    await booth.fetch("UPDATE job_history SET result_expires_at = now()")
    writer.write(form)
    async with asyncio.timeout(20):
        assert (await booth.answer(reader, writer)).status == 200
    assert await jobs(booth) == 2


async def test_failed_job_frees_its_key(booth: Booth) -> None:
    key = new_key()
    booth.provider.script.then("prompt_blocked")
    assert (await booth.post(Idempotency_Key=key)).status == 502
    assert (await booth.post(Idempotency_Key=key)).status == 200
    await booth.nothing_left()


async def test_422_key_reused_for_another_photo(booth: Booth) -> None:
    key = new_key()
    assert (await booth.post(Idempotency_Key=key)).status == 200
    other = await booth.post(booth.form(jpeg(noise())), Idempotency_Key=key)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    elsewhere: Any = {"provider": "gemini", "operation": "edit", "params": {"prompt": "x"}}
    await booth.configure_slot("slot-002", **elsewhere)
    other_slot = await booth.post(path="/api/ingest/slot-002", Idempotency_Key=key)
    assert other_slot.status == 200, "a key belongs to its slot"
    await booth.nothing_left()


async def test_key_of_a_wrong_password_is_not_taken(booth: Booth) -> None:
    key = new_key()
    assert (await booth.post(booth.form(password="no"), Idempotency_Key=key)).status == 401
    assert (await booth.post(booth.form(jpeg(noise())), Idempotency_Key=key)).status == 200


async def test_key_too_long_is_400(booth: Booth) -> None:
    assert (await booth.post(Idempotency_Key="k" * 200)).status == 200
    assert (await booth.post(Idempotency_Key="k" * 201)).status == 400
    unknown = await booth.post(path="/api/ingest/slot-099", Idempotency_Key="k" * 201)
    assert (unknown.status, unknown.code) == (404, "slot_not_found")
    await booth.nothing_left()


# Clients that do not send


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "application/json"])
async def test_headers_without_a_body_keep_nobody_waiting(
    booth: Booth, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_module, "SILENCE_SECONDS", 60)
    monkeypatch.setattr(body_module, "DRAIN_SECONDS", 60)
    idle = []
    for _ in range(TURNS):
        _, writer = await booth.connect()
        headers = {"Content-Type": kind, "Content-Length": "100000"}
        await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
        idle.append(writer)
    # Who is refused holds no seat for what is still to be drained.
    seats = TURNS if kind.startswith("multipart") else 0
    await eventually(lambda: booth.app.gate.seats() == seats)
    async with asyncio.timeout(20):
        assert (await booth.post()).status == 200
    for writer in idle:
        writer.transport.abort()
    await eventually(lambda: not booth.app.gate.seats())
    await booth.nothing_left()


# Clients that go


async def test_hang_up_while_uploading_leaves_nothing(booth: Booth) -> None:
    _, writer = await booth.connect()
    form = booth.form(jpeg(noise(2000, 1500)))
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Content-Length": str(len(form))}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    writer.write(form[: len(form) // 2])
    await writer.drain()
    await eventually(booth.app.gate.seats)
    writer.transport.abort()
    await eventually(lambda: not booth.app.gate.seats())
    assert await jobs(booth) == 0
    await booth.nothing_left()


async def test_hang_up_after_the_upload_still_ends_in_the_gallery(booth: Booth) -> None:
    booth.provider.script.then("image", delay_seconds=1)
    _, writer = await booth.connect()
    form = booth.form()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    headers = {"Content-Type": kind, "Content-Length": str(len(form))}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", headers)
    writer.write(form)
    await writer.drain()
    await eventually(lambda: jobs(booth))
    writer.transport.abort()
    await booth.nothing_left()
    job = await booth.the_job()
    assert job["status"] == "done"
    assert (await booth.get(f"/public/results/{job['job_id']}")).status == 200


async def test_busy_slot_is_waited_for_in_order(booth: Booth) -> None:
    await booth.configure_settings(slot_concurrency=1)
    booth.provider.script.always("image", delay_seconds=0.2)
    answers = await asyncio.gather(*(booth.post() for _ in range(6)))
    assert {a.status for a in answers} == {200}
    assert max(a.json()["timings"]["wait_ms"] for a in answers) >= 500
    await booth.nothing_left()
