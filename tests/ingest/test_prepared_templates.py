"""Template pictures on their way to a provider: scaled once, see-through still, never fatal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from tornado.ioloop import IOLoop

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.ingest.prepared_templates import PreparedTemplates
from photobooth_daemon.model import PictureBytes, TemplateMedia
from photobooth_daemon.pictures.threads import PictureThreads
from tests.support.booth import KEY, Booth
from tests.support.sample_pictures import noise, png, see_through

LOCAL = {"provider": "local", "operation": "look", "params": {"look": "sepia"}}
TURBOTEXT = {"provider": "turbotext", "operation": "mix_images", "params": {}}
GEMINI = {"provider": "gemini", "operation": "edit", "params": {"prompt": "smile"}}


def template(path: Path, image: Image.Image) -> TemplateMedia:
    path.write_bytes(png(image))
    facts = (path.stat().st_size, "", datetime.now(UTC), "serg")
    return TemplateMedia(uuid4(), "", "image/png", image.width, image.height, *facts)


async def test_a_template_is_prepared_once_and_stays_see_through(tmp_path: Path) -> None:
    threads = PictureThreads(Clock())
    path = tmp_path / "template.png"
    frame = template(path, see_through(1200, 800))

    async def prepared(kept: PreparedTemplates, media: TemplateMedia, edge: int) -> PictureBytes:
        deadline = Deadline.after(Clock(), 20)
        return await kept.get(media, path, max_edge_px=edge, deadline=deadline)

    try:
        kept = PreparedTemplates(threads)
        first = await prepared(kept, frame, 600)
        assert (first.width, first.height, first.content_type) == (600, 400, "image/png")
        with Image.open(io.BytesIO(first.data)) as image:
            assert image.mode == "RGBA"
        assert await prepared(kept, frame, 600) is first
        assert (await prepared(kept, frame, 300)).width == 300
        opaque = template(path, noise(900, 600))
        assert (await prepared(kept, opaque, 600)).content_type == "image/jpeg"

        little = PreparedTemplates(threads, kept_bytes=len(first.data) // 2)
        again = await prepared(little, opaque, 600)
        assert await prepared(little, opaque, 600) is not again
    finally:
        threads.close()


@pytest.fixture
def booth(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Booth]:
    opened: Booth = io_loop.run_sync(
        lambda: Booth.open(
            database,
            tmp_path,
            providers={"turbotext": {"local": True}},
            public_url="http://booth.invalid",
        )
    )
    yield opened
    io_loop.run_sync(opened.close)


async def test_a_template_goes_out_no_larger_than_the_photo_may(booth: Booth) -> None:
    large = png(noise(900, 600))
    await booth.bind_template("reference", large)
    await booth.configure_slot(**{**GEMINI, "params": {"prompt": "x", "input_max_edge_px": 300}})
    for _ in range(2):
        answer = await booth.post()
        assert answer.status == 200, answer.body
    sizes = [seen.facts["pictures_bytes"][1] for seen in booth.provider.log.requests]
    assert sizes[0] == sizes[1] < len(large) / 10


@pytest.mark.parametrize("data", [None, b"\x89PNG\r\n\x1a\nno picture"])
@pytest.mark.parametrize(("rung", "role"), [(TURBOTEXT, "style"), (GEMINI, "reference")])
async def test_a_lost_or_broken_template_costs_the_rung_not_the_photo(
    booth: Booth,
    rung: dict[str, Any],
    role: str,
    data: bytes | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await booth.bind_template(role, data)
    await booth.configure_slot(**rung, fallback=[LOCAL])
    answer = await booth.post()
    assert answer.status == 200, answer.body
    reasons = [(a["provider"], a["reason"]) for a in (await booth.the_job())["attempts"]]
    assert reasons == [(rung["provider"], "bad_request"), ("local", None)]
    assert not booth.provider.log.requests
    assert "a template picture cannot be read" in caplog.text
    assert KEY not in caplog.text
    await booth.nothing_left()
