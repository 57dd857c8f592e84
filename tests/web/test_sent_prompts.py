"""What a provider was asked with is told to administrators, and nobody else is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.logs import configure_logging
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.office import CAMERA_PASSWORD, KEY, Office
from tests.support.quick_painter import QuickPainter
from tests.support.sample_pictures import jpeg

SLOT = "/api/slots/slot-001"
NAME = "Zinovia"
"""What the guest types; it must not be met anywhere but in the story of the job."""
RECIPE = {
    "provider": "gemini",
    "operation": "edit",
    "params": {"prompt": "A crown for {{name}}, please."},
    "guest_fields": [{"field": "name", "default": "the guest"}],
    "fallback": [{"provider": "local", "operation": "look", "params": {"look": "noir"}}],
    "enabled": True,
}
SENT = {
    "provider": "gemini",
    "operation": "edit",
    "params": {"prompt": f"A crown for {NAME}, please."},
}


@pytest.fixture
def provider(io_loop: IOLoop) -> Iterator[FakeProvider]:
    fake = FakeProvider(keys=[KEY], painter=QuickPainter())
    yield fake
    io_loop.run_sync(fake.stop)


@pytest.fixture
def office(
    io_loop: IOLoop, database: Database, tmp_path: Path, provider: FakeProvider
) -> Iterator[Office]:
    opened = io_loop.run_sync(lambda: Office.open(database, tmp_path, gemini_url=provider.start()))
    yield opened
    io_loop.run_sync(opened.close)


async def photographed(office: Office) -> str:
    """Send a photo of a guest who has typed a name; the job's id."""
    assert (await office.photograph()).status in (200, 404)  # sets the password
    parts = {"fileToUpload": jpeg(), "password": CAMERA_PASSWORD, "name": NAME}
    reply = await office.post_form("/api/ingest/slot-001", parts, token=None)
    assert reply.status == 200, reply.body
    return str(reply.headers["X-Job-ID"])


async def story(office: Office, job_id: str) -> dict[str, Any]:
    reply = await office.get(f"/api/jobs/{job_id}")
    assert reply.status == 200
    found: dict[str, Any] = reply.json()
    return found


async def test_a_job_tells_the_prompt_with_the_guests_answer(office: Office) -> None:
    await office.put(SLOT, RECIPE, If_Match="*")
    job = await story(office, await photographed(office))
    assert job["prompts"] == [SENT]
    assert "prompts" not in (await office.get("/api/jobs")).json()["items"][0]


async def test_attempts_of_one_operation_are_told_once_failed_ones_too(
    office: Office, provider: FakeProvider
) -> None:
    await office.put(SLOT, RECIPE, If_Match="*")
    await office.photograph()
    provider.script.then("image_safety", times=4)
    job = await story(office, await photographed(office))
    assert job["provider"] == "local"
    assert len(job["attempts"]) > 2
    assert job["prompts"] == [SENT]


async def test_an_operation_without_words_has_none(office: Office) -> None:
    look = {"provider": "local", "operation": "look", "params": {}, "enabled": True}
    await office.put(SLOT, look, If_Match="*")
    assert (await story(office, await photographed(office)))["prompts"] == []


async def test_nobody_else_is_told(office: Office, provider: FakeProvider) -> None:
    stream = StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    configure_logging(level="debug", style="json", secrets=[KEY], stream=stream)
    try:
        await office.put(SLOT, RECIPE, If_Match="*")
        provider.script.then("image_safety", times=1)
        job_id = await photographed(office)
        public = [
            await office.get(f"/r/{job_id}", token=None),
            await office.get(f"/public/results/{job_id}", token=None),
        ]
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    assert "provider attempt" in stream.getvalue()
    assert NAME not in stream.getvalue()
    assert not [reply for reply in public if NAME.encode() in reply.body]
    tables = await office.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    told = set()
    for (table,) in (tuple(row) for row in tables):
        for row in await office.fetch(f"SELECT t::text FROM {table} AS t"):
            if NAME in row[0]:
                told.add(table)
    assert told == {"job_history"}
