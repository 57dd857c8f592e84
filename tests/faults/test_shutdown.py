"""SIGTERM with photos in flight: each is answered, and what comes meanwhile is the successor's."""

from __future__ import annotations

import asyncio
import signal
import socket

import pytest
from tornado.httputil import HTTPHeaders

from tests.support.fakes import eventually
from tests.support.party import PASSWORD, SLOT, Party, photo


async def test_photos_in_flight_are_answered_before_the_end(party: Party) -> None:
    await party.set_settings(slot_concurrency=2)
    party.provider.script.always("image", delay_seconds=1.5)
    sending = party.begin(party.shoot(5))
    uploading = party.begin(party.camera(9, upload_bytes_per_second=200_000).take(photo()))
    await party.asked(2)
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    assert [shot.why_original for shot in await sending] == [None] * 5
    assert (await uploading).why_original is None
    assert await asyncio.to_thread(process.wait, 60) == 0
    party.provider.script.clear()
    await party.start()
    await party.nothing_left()
    assert len(await party.jobs("done")) == 6


@pytest.mark.timeout(seconds=180)
async def test_what_a_photo_waited_for_a_daemon_is_taken_off_its_window(party: Party) -> None:
    await party.set_settings(sync_response_seconds=10)
    party.provider.script.always("hang")
    assert await asyncio.to_thread(party.daemon.stop) == 0
    waiting = party.begin(party.camera(1).take(photo(300, 200)))
    await asyncio.sleep(4)
    party.daemon.start()
    shot = await waiting
    # A start that took long has left no time for a provider: that is told at once.
    assert shot.why_original in ("504 provider_timeout", "429 rate_limited")
    # Counted from the daemon's start it would be 14 s.
    assert shot.seconds < 13
    # The camera itself began a little later than the wait for it.
    assert all(job["timings"]["upload_ms"] >= 3000 for job in await party.jobs())


async def test_a_camera_that_connects_meanwhile_waits_and_is_served(party: Party) -> None:
    party.provider.script.then("image", delay_seconds=2)
    before = party.begin(party.shoot())
    await party.asked(1)
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    await eventually(lambda: party.daemon.events("draining"))
    meanwhile = party.begin(party.camera(2).take(photo()))
    await asyncio.sleep(0.3)
    assert not meanwhile.done()
    party.daemon.start()
    assert [shot.why_original for shot in await before] == [None]
    assert (await meanwhile).why_original is None
    assert await asyncio.to_thread(process.wait, 60) == 0
    await party.ready()
    await party.nothing_left()


async def large_answer(party: Party) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    """Send a photo over a slow network; its answer has begun, and has so many bytes."""
    await party.set_slot(on_failure="original", output={"format": "png"})
    party.provider.script.always("prompt_blocked")
    network = socket.socket()
    # A small window: nearly all of the answer has to wait in the daemon.
    network.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    network.connect(("127.0.0.1", party.daemon.port))
    reader, writer = await asyncio.open_connection(sock=network, limit=4096)
    sent = photo(2000, 1500)
    body = (
        b'--b\r\nContent-Disposition: form-data; name="fileToUpload"; filename="a.jpg"\r\n\r\n'
        + sent.data
        + b"\r\n--b--\r\n"
    )
    head = (
        f"POST /api/ingest/{SLOT}?response=image HTTP/1.1\r\nHost: booth\r\n"
        f"X-Ingest-Password: {PASSWORD}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = HTTPHeaders.parse((await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")[2])
    length = int(answer["Content-Length"])
    assert length > 5_000_000, "no kernel keeps this much for a client that does not read"
    return reader, writer, length


async def test_an_answer_on_a_slow_network_leaves_whole(party: Party) -> None:
    reader, writer, length = await large_answer(party)
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    await eventually(lambda: party.daemon.events("draining"))
    await asyncio.sleep(1)
    assert len(await reader.readexactly(length)) == length
    assert await asyncio.to_thread(process.wait, 60) == 0
    writer.close()


async def test_an_answer_that_nobody_takes_any_more_does_not_keep_the_process(party: Party) -> None:
    _, writer, _ = await large_answer(party)
    writer.transport.abort()
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 10) == 0


async def test_a_provider_that_hangs_does_not_outlast_the_window(party: Party) -> None:
    await party.set_settings(sync_response_seconds=3)
    party.provider.script.always("hang")
    sending = party.begin(party.shoot(2))
    await party.asked(2)
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    assert {shot.why_original for shot in await sending} == {"504 provider_timeout"}
    assert await asyncio.to_thread(process.wait, 20) == 0
    party.provider.script.clear()
    await party.start()
    await party.nothing_left()
    assert len(await party.jobs("timeout")) == 2
