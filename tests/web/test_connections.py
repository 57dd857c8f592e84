"""What one connection, and one address, may hold before anybody knows who is there."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tornado.httputil import HTTPServerRequest

from photobooth_daemon.web.application import DaemonApplication
from photobooth_daemon.web.incoming import connections, server, upload
from tests.support.booth import PASSWORD, SLOT, Booth
from tests.support.certificates import make_certificate
from tests.support.fakes import eventually

GET = b"GET /livez HTTP/1.1\r\nHost: booth.lan\r\n"


async def closed(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Return whether the daemon ends the connection in time; what it says is passed over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            # Whatever had not been read makes a reset of the end.
            with suppress(ConnectionError):
                while await reader.read(65536):
                    pass
            return True
    return False


async def test_a_head_has_to_be_whole_in_time(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.1)
    reader, writer = await booth.connect()
    began = asyncio.get_running_loop().time()
    writer.write(GET)
    ended = asyncio.create_task(closed(reader, 10))
    while not ended.done():
        writer.write(b"X: a\r\n")
        await asyncio.sleep(0.05)
    assert await ended
    assert 0.8 < asyncio.get_running_loop().time() - began < 3


async def test_a_connection_that_says_nothing_is_left_alone(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)
    reader, writer = await booth.connect()
    await asyncio.sleep(1.0)
    writer.write(GET + b"\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("size", [64 * 1024 + 1, 100_000])
async def test_a_head_over_its_limit_is_refused_in_words(booth: Booth, size: int) -> None:
    reader, writer = await booth.connect()
    writer.write(GET + b"X: " + b"a" * size + b"\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 431")


async def test_a_head_without_end_ends_the_connection(booth: Booth) -> None:
    reader, writer = await booth.connect()
    writer.write(GET + b"X: " + b"a" * 300_000)
    assert await closed(reader, 5)


async def test_leading_empty_lines_and_bare_line_feeds_are_heads_too(booth: Booth) -> None:
    reader, writer = await booth.connect()
    writer.write(b"\r\n\r\n" + GET + b"\r\n" + b"GET /livez HTTP/1.1\nHost: booth.lan\n\n")
    text = b""
    while text.count(b"HTTP/1.1 200") < 2:
        text += await asyncio.wait_for(reader.read(65536), 5)


@pytest.mark.parametrize("line", [b"\n", b"\r\n", b"a:\n"])
async def test_a_head_of_nothing_but_lines_keeps_nobody_waiting(booth: Booth, line: bytes) -> None:
    reader, writer = await booth.connect()
    began = asyncio.get_running_loop().time()
    writer.write(line * (130_000 // len(line)))
    assert await closed(reader, 30)
    assert asyncio.get_running_loop().time() - began < 1


async def test_an_address_is_served_on_so_many_connections(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_PER_ADDRESS", 3)
    monkeypatch.setattr(connections, "MOST_WAITING_PER_ADDRESS", 2)
    held = [await booth.connect() for _ in range(5)]
    for reader, writer in held[:3]:
        writer.write(GET + b"\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    for _, writer in held[3:]:
        writer.write(GET + b"\r\n")
    over, _ = await booth.connect()
    assert await closed(over, 5)
    waiting = asyncio.create_task(held[3][0].readline())
    await asyncio.sleep(0.3)
    assert not waiting.done()
    held[0][1].close()
    assert (await asyncio.wait_for(waiting, 5)).startswith(b"HTTP/1.1 200")


async def test_who_waits_too_long_for_a_connection_is_let_go(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_PER_ADDRESS", 1)
    monkeypatch.setattr(connections, "WAIT_SECONDS", 0.2)
    held = [await booth.connect() for _ in range(2)]
    assert await closed(held[1][0], 5)


async def test_a_client_that_does_not_read_is_let_go(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 0.5)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.1)
    _, writer = await booth.connect()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(200):
        writer.write(b"GET /api/openapi.json HTTP/1.1\r\nHost: booth.lan\r\n\r\n")

    def is_gone() -> bool:
        writer.write(b"GET /livez HTTP/1.1\r\nHost: booth.lan\r\n\r\n")
        return writer.transport.is_closing()

    await eventually(is_gone)


async def test_half_a_tls_handshake_keeps_nobody_out_and_ends(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(server, "IDLE_CONNECTION_SECONDS", 2.0)
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    make_certificate(certificate, key, "booth.lan")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    by_tls = server.Server(booth.app.web, ssl_options=context)
    by_tls.listen(0, "127.0.0.1")
    port = next(iter(by_tls._sockets.values())).getsockname()[1]
    stranger = ("127.0.0.66", 0)
    held = [
        await asyncio.open_connection("127.0.0.1", port, local_addr=stranger)
        for _ in range(connections.MOST_PER_ADDRESS + 10)
    ]
    for _, writer in held:
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00")
    trusting = ssl.create_default_context(cafile=certificate)
    trusting.check_hostname = False
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
    writer.write(GET + b"\r\n")
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 200")
    assert all([await closed(reader, 10) for reader, _ in held])
    by_tls.stop()
    await by_tls.close_all_connections()


async def test_a_part_with_a_long_head_breaks_the_form(booth: Booth) -> None:
    for size, status in ((10_000, 200), (20_000, 400), (1_000_000, 400)):
        form = booth.form()
        padded = form.replace(
            b"Content-Disposition", b"X-Long: " + b"a" * size + b"\r\nContent-Disposition", 1
        )
        assert (await booth.post(padded)).status == status
    await booth.nothing_left()


async def test_a_stranger_who_does_not_keep_up_is_told_so(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "GRACE_SECONDS", 0.5)
    form = booth.form()
    kind = f"multipart/form-data; boundary={booth.boundary}"
    length = {"Content-Type": kind, "Content-Length": str(len(form) + 1_000_000)}
    reader, writer = await booth.connect()
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", length)
    writer.write(form[:200])
    answer = await booth.answer(reader, writer)
    assert (answer.status, answer.code) == (408, "upload_timeout")
    # Whoever shows the password first has the ten seconds of everybody.
    reader, writer = await booth.connect()
    known = {**length, "Content-Length": str(len(form)), "X-Ingest-Password": PASSWORD}
    await booth.send_head(writer, "POST", f"/api/ingest/{SLOT}", known)
    writer.write(form[:200])
    await asyncio.sleep(1.2)
    writer.write(form[200:])
    assert (await booth.answer(reader, writer)).status == 200
    await booth.nothing_left()


async def test_the_disk_is_looked_at_while_a_photo_is_written(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    await booth.configure_settings(min_free_mb=100)
    store = booth.app.media_store
    looks = iter([10**12])
    monkeypatch.setattr(type(store), "free_bytes", lambda _: next(looks, 10**6))
    answer = await booth.post(booth.form(b"\xff\xd8\xff" + b"a" * 6_000_000))
    assert (answer.status, answer.code) == (507, "storage_full")
    await booth.nothing_left()


async def test_what_was_sent_ahead_ends_with_its_client(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, begun = 1500, Counter[str]()
    find_handler = DaemonApplication.find_handler

    def counted(self: DaemonApplication, request: HTTPServerRequest, **options: Any) -> Any:
        begun[request.path] += 1
        return find_handler(self, request, **options)

    monkeypatch.setattr(DaemonApplication, "find_handler", counted)
    reader, writer = await booth.connect()
    writer.write(b"HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n" * sent)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.transport.abort()
    before = 0
    while (now := begun["/livez"]) != before:
        before = now
        assert (await booth.get("/readyz")).status == 200
    assert 0 < now < sent / 2
