"""Everything that a full run logs, line by line: JSON, with the photo's ids, without a secret."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import bcrypt
import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.logs import configure_logging
from tests.support.booth import KEY, PASSWORD, Booth
from tests.support.sample_pictures import jpeg

ADMIN_PASSWORD = "hunter2-of-serg"
NEW_PASSWORD = "the-next-ingest-password"
GUEST = "guest@example.com"
WRONG = "wrong-but-somebodys-secret"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged at the most talkative level, masked by shape alone."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging(level="debug", style="json", stream=stream)
    yield stream
    for handler in list(root.handlers):
        if handler not in before:
            root.removeHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(False)


async def full_run(booth: Booth, database: Database) -> list[str]:
    """Do what an evening does, and return every secret that went by."""
    await booth.app.operations.start()
    photo = jpeg(quality=95)
    await booth.post(booth.form(photo, fields={"email": GUEST.encode()}))
    await booth.post(booth.form(photo, password=WRONG))
    await booth.post(booth.form(photo, password=None), X_Ingest_Password=WRONG)
    basic = base64.b64encode(f"booth:{PASSWORD}".encode()).decode()
    await booth.post(booth.form(photo, password=None), Authorization=f"Basic {basic}")
    await booth.post(booth.form(b"not a picture"))
    for behaviour in ("prompt_blocked", "bad_key", "garbage", "drop", "overloaded"):
        booth.provider.script.then(behaviour)
        await booth.post(booth.form(photo))
        booth.provider.script.clear()
    stored = bcrypt.hashpw(ADMIN_PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    async with database.connection() as connection:
        await connection.execute("UPDATE admin SET password_hash = $1", stored)
    for password in (WRONG, ADMIN_PASSWORD):
        body = json.dumps({"username": "serg", "password": password}).encode()
        answer = await booth.request(
            "POST", "/api/login", body, {"Content-Type": "application/json"}
        )
    token = answer.json()["token"]
    await booth.request(
        "PUT",
        "/api/settings",
        json.dumps({"version": 1, "ingest_password": NEW_PASSWORD}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    await booth.get(f"/api/me?token={token}", Authorization=f"Bearer {token}")
    await booth.get(f"/no/such/page?password={PASSWORD}")
    await booth.app.operations.vitals.refresh()
    encoded = base64.b64encode(photo).decode()
    return [
        *(KEY, PASSWORD, WRONG, ADMIN_PASSWORD, NEW_PASSWORD, GUEST, basic, stored, token),
        *(encoded[100:160], "$2b$", "data:image"),
    ]


async def test_no_line_of_a_full_run_holds_a_secret(
    booth: Booth, database: Database, logged: io.StringIO
) -> None:
    secrets = await full_run(booth, database)
    written = logged.getvalue()
    lines: list[dict[str, Any]] = [json.loads(line) for line in written.splitlines()]
    assert len(lines) > 20
    for secret in secrets:
        assert secret not in written, secret
    for line in lines:
        assert {"timestamp", "level", "logger", "message"} <= set(line)
        assert len(json.dumps(line)) < 8000, line


async def test_a_photos_story_is_one_search(booth: Booth, logged: io.StringIO) -> None:
    answer = await booth.post(booth.form(), X_Request_ID="tonight-42")
    job_id = answer.json()["job_id"]
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    story = [line for line in lines if line.get("request_id") == "tonight-42"]
    told = {line["message"] for line in story}
    assert {"photo done", "provider attempt: ok", "POST /api/ingest/slot-001 200"} <= told
    (done,) = [line for line in story if line["message"] == "photo done"]
    assert done["job_id"] == job_id
    assert done["slot_id"] == "slot-001"
    assert done["provider"] == "gemini"
    assert done["total_ms"] >= done["provider_ms"] >= 0


async def test_a_photos_lines_name_the_trace_it_is_part_of(
    booth: Booth, logged: io.StringIO
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    await booth.post(traceparent=f"00-{trace}-b7ad6b7169203331-01")
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    told = {line["message"] for line in lines if line.get("trace_id") == trace}
    assert {"photo done", "provider attempt: ok"} <= told
