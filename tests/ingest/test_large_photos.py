"""Photos that wait for the large pictures' thread keep no usual one from being read."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.ingest import requests
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.pictures.steps import prepare
from tests.hostile.bombs import RGB, WIDE_PHOTO, png_of
from tests.support.booth import Booth
from tests.support.fakes import eventually
from tests.support.sample_pictures import jpeg

LARGE = 6
"""More than are let in to be prepared at a time."""


async def test_a_photo_is_read_while_large_ones_wait(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, go_on = png_of(*WIDE_PHOTO, RGB), threading.Event()

    def waits(path: Path, content_type: str, **options: Any) -> PictureBytes:
        if content_type == "image/png":
            go_on.wait(60)
            path.write_bytes(jpeg())
            return prepare(path, "image/jpeg", **options)
        return prepare(path, content_type, **options)

    monkeypatch.setattr(requests, "prepare", waits)
    posts = [asyncio.create_task(booth.post(booth.form(large))) for _ in range(LARGE)]
    try:
        await eventually(lambda: _pending(booth), seconds=30)
        answer = await asyncio.wait_for(booth.post(), 20)
    finally:
        go_on.set()
    assert answer.status == 200
    assert [post.status for post in await asyncio.gather(*posts)] == [200] * LARGE


async def _pending(booth: Booth) -> bool:
    rows = await booth.fetch("SELECT count(*) AS n FROM job_history WHERE status = 'pending'")
    return int(rows[0]["n"]) == LARGE
