"""However odd a stranger's request is, the one loop that serves everybody does not stand still."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable

import pytest

from photobooth_daemon.web.health import LiveHandler
from tests.support.booth import SLOT, Booth

STILL_SECONDS = 0.25


async def longest_stall(work: Awaitable[object]) -> float:
    """Return for how long the loop computed at a stretch, at most, while it did ``work``."""
    task = asyncio.ensure_future(work)
    longest, last = 0.0, time.thread_time()
    while not task.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.thread_time() - last), time.thread_time()
    await task
    return longest


async def raw(booth: Booth, request: bytes) -> bytes:
    """Send these bytes and return the answer's first line."""
    reader, writer = await booth.connect()
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()


async def test_a_strangers_requests_begin_a_few_at_a_time(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    def costly(handler: LiveHandler, _: dict[str, str]) -> None:
        begun = time.thread_time()
        while time.thread_time() - begun < STILL_SECONDS / 20:
            pass
        handler.finish()

    monkeypatch.setattr(LiveHandler, "write_json", costly)
    connections = [await booth.connect() for _ in range(40)]

    async def ask() -> None:
        # Twice, so that those who have been served wait for their turn with the others.
        for _, writer in connections:
            writer.write(b"GET /livez HTTP/1.1\r\nHost: booth.lan\r\n\r\n" * 2)
        for reader, _ in connections:
            for _ in range(2):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")

    assert await longest_stall(ask()) < STILL_SECONDS
    for _, writer in connections:
        writer.close()


ESCAPES = rb"\"" * 7000
PARAMETERS = b"".join(b";a*%d=b" % n for n in range(1700))


@pytest.mark.parametrize("head", [b'name="' + ESCAPES + b'"', b"name=x" + PARAMETERS])
async def test_the_heads_of_all_parts_are_limited_together(booth: Booth, head: bytes) -> None:
    part = f"--{booth.boundary}\r\nContent-Disposition: form-data; ".encode() + head
    body = (part + b"\r\n\r\nx\r\n") * 150 + booth.form()

    async def send() -> None:
        answer = await booth.post(body)
        assert answer.status == 400
        assert "short heads" in answer.json()["detail"]

    assert await longest_stall(send()) < STILL_SECONDS


async def test_a_form_of_many_fields_with_long_names_is_taken(booth: Booth) -> None:
    fields = {f"{'f' * 150}{n}": b"x" for n in range(50)}
    assert (await booth.post(booth.form(fields=fields))).status == 200


async def test_a_content_type_of_parameters_is_not_read(booth: Booth) -> None:
    kind = f"multipart/form-data; boundary={booth.boundary}" + ';a="' * 15_000
    headers = {"Content-Type": kind}
    answer = await booth.request("POST", f"/api/ingest/{SLOT}", booth.form(), headers)
    assert answer.status == 400


CHUNKED = b"Host: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_body_of_crumbs_is_refused(booth: Booth) -> None:
    head = f"POST /api/ingest/{SLOT} HTTP/1.1\r\n".encode() + CHUNKED

    async def send() -> None:
        line = await raw(booth, head + b"1\r\na\r\n" * (20_000))
        assert line.startswith(b"HTTP/1.1 400")

    assert await longest_stall(send()) < STILL_SECONDS


async def test_a_photo_in_small_chunks_is_taken(booth: Booth) -> None:
    body = booth.form()
    chunks = [body[at : at + 32] for at in range(0, len(body), 32)]
    reader, writer = await booth.connect()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    head = f"POST /api/ingest/{SLOT} HTTP/1.1\r\nContent-Type: {kind}\r\n".encode() + CHUNKED
    writer.write(head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks))
    writer.write(b"0\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


@pytest.mark.parametrize("path", ["/api/me", "/api/login"])
async def test_cookies_full_of_quotes_are_passed_over(
    booth: Booth, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quadratic(_: str) -> dict[str, str]:
        begun = time.thread_time()
        while time.thread_time() - begun < 2 * STILL_SECONDS:
            pass  # As Tornado before 6.4.2, which needs 3 s.
        return {}

    monkeypatch.setattr("tornado.httputil.parse_cookie", quadratic)
    headers = {"Cookie": "photobooth_session=" + r"\"\\" * 15_000}
    login = b'{"username": "a", "password": "b"}'
    method, body = ("GET", b"") if path == "/api/me" else ("POST", login)
    headers["Content-Type"] = "application/json"

    async def send() -> None:
        assert (await booth.request(method, path, body, headers)).status == 401

    assert await longest_stall(send()) < STILL_SECONDS


async def test_a_login_of_unknown_keys_names_the_first(booth: Booth) -> None:
    body = json.dumps({f"k{n}": 0 for n in range(80_000)}).encode()
    headers = {"Content-Type": "application/json"}

    async def send() -> None:
        answer = await booth.request("POST", "/api/login", body, headers)
        assert answer.status == 422
        pointers = [fault["pointer"] for fault in answer.json()["errors"]]
        assert pointers[:3] == ["/username", "/password", "/k0"]
        assert len(pointers) == 20

    assert await longest_stall(send()) < STILL_SECONDS


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: a:" + b"1" * 60_000 + b"\r\n\r\n", b"400"),
        (b"GET http://[::::]/ HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    ],
)
async def test_a_host_that_is_none_is_refused_in_words(
    booth: Booth, request_bytes: bytes, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await raw(booth, request_bytes)).startswith(b"HTTP/1.1 " + status)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
