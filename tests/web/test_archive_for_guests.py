"""A gallery's archive: no guest has all the places, and none keeps one by reading slowly."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.web import archive
from tests.support import archives
from tests.support.archives import PICTURE_BYTES, PICTURES, add_large_evening
from tests.support.fakes import eventually
from tests.support.hall import Hall
from tests.support.office import Office


@pytest.fixture
def hall(io_loop: IOLoop, office: Office, tmp_path: Path) -> Hall:
    hall: Hall = io_loop.run_sync(lambda: _a_large_evening(office, tmp_path))
    return hall


async def _a_large_evening(office: Office, tmp_path: Path) -> Hall:
    hall = await Hall.open(office, -180, 60, gallery={"archive": True})
    await add_large_evening(office, hall.event["event_id"], tmp_path)
    return hall


def download(hall: Hall, address: str) -> AbstractAsyncContextManager[asyncio.StreamReader]:
    return archives.download(hall.office, hall.path, "X-Forwarded-For", address)


async def status(hall: Hall, address: str) -> int:
    """Return how an archive is answered that is not sent."""
    reply = await hall.office.call(
        "HEAD", f"{hall.path}/archive.zip", token=None, X_Forwarded_For=address
    )
    return reply.status


async def test_no_address_has_all_the_places(hall: Hall) -> None:
    async with download(hall, "2001:db8::1"), download(hall, "2001:db8::2"):
        assert await status(hall, "2001:db8::3") == 429, "of the same network"
        async with download(hall, "192.0.2.6"), download(hall, "192.0.2.7"):
            assert await status(hall, "192.0.2.8") == 429, "four are being sent"
        await eventually(lambda: _is(hall, "192.0.2.8", 200))
        assert await status(hall, "2001:db8::3") == 429
    await eventually(lambda: _is(hall, "2001:db8::3", 200))


async def test_who_reads_slowly_is_cut_off(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "GRACE_SECONDS", 0.5)
    monkeypatch.setattr(archive, "SLOWEST_BYTES_PER_SECOND", 20 * PICTURE_BYTES)
    async with download(hall, "192.0.2.5") as reader:
        body = bytearray()
        with suppress(ConnectionError):
            async with asyncio.timeout(30):
                while piece := await reader.read(50_000):
                    body += piece
                    await asyncio.sleep(0.02)
        assert len(body) < PICTURES * PICTURE_BYTES


async def test_who_reads_has_it_whole(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "GRACE_SECONDS", 5.0)
    async with download(hall, "192.0.2.5") as reader:
        body = await reader.read(-1)
    assert body.count(b"PK\x05\x06") == 1
    assert len(body) > PICTURES * PICTURE_BYTES


async def _is(hall: Hall, address: str, wanted: int) -> bool:
    return await status(hall, address) == wanted
