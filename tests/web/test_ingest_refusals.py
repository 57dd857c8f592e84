"""Why a photo is refused before anybody looks at its picture, and that nothing is left of it."""

from __future__ import annotations

import asyncio

import pytest

from photobooth_daemon.web.incoming import upload as upload_module
from tests.support.booth import PASSWORD, SLOT, Booth
from tests.support.fakes import eventually
from tests.support.in_turn import in_turn
from tests.support.sample_pictures import jpeg

MB = 1024 * 1024


@in_turn("slot", ["slot-016", "slot-1", "nonsense", "%00", "slot-001%20"])
async def test_404_slot_not_found(booth: Booth, slot: str) -> None:
    answer = await booth.post(path=f"/api/ingest/{slot}")
    assert (answer.status, answer.code) == (404, "slot_not_found")


async def test_404_slot_disabled(booth: Booth) -> None:
    unconfigured = await booth.post(path="/api/ingest/slot-009")
    await booth.configure_slot(enabled=False)
    switched_off = await booth.post()
    for answer in (unconfigured, switched_off):
        assert (answer.status, answer.code) == (404, "slot_disabled")
    assert await booth.count_jobs() == 0


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
    assert await booth.count_jobs() == 0


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


@in_turn(
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
    assert await booth.count_jobs() == 0
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
    assert await booth.count_jobs() == 0
    audited = await booth.fetch("SELECT actor, action, entity, address FROM audit_log")
    assert [tuple(row) for row in audited] == [
        ("unauthenticated", "ingest_password_refused", f"slot:{SLOT}", "127.0.0.1")
    ]
    await booth.nothing_left()


async def test_401_while_no_password_is_set(booth: Booth) -> None:
    await booth.configure_password(None)
    assert (await booth.post()).code == "invalid_password"
