"""An evening from the first password to the last cleanup, from outside, on two processes."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tornado.httpclient import HTTPResponse
from tornado.ioloop import IOLoop

from photobooth_daemon.administration.passwords import HASH_ROUNDS
from photobooth_daemon.rehearsal.camera_form import Photo
from photobooth_daemon.rehearsal.fake_picture import EditingPainter
from tests.support import started
from tests.support.party import KEY, PASSWORD, SLOT, Party, photo
from tests.support.sample_pictures import camera_jpeg, noise

SERG = "serg's very own password 1"
NEW_PASSWORD = "the second half's secret 8"


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Party]:
    two = '[server]\nprocesses = 2\npublic_url = "https://booth.example"\n'
    # Its pictures are looked at: they are as large as the slot wants them.
    opened: Party = io_loop.run_sync(
        lambda: Party.open(tmp_path, database_url, toml=two, painter=EditingPainter())
    )
    yield opened
    io_loop.run_sync(opened.close)


def control(party: Party, *arguments: str, stdin: str = "") -> str:
    """Run ``photoboothctl`` on the party's installation and return what it printed."""
    config = ("--config", party.daemon.config_path)
    ran = started.run(started.CONTROL, *config, *arguments, stdin=stdin)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


class Administrator:
    """Somebody who has logged in."""

    def __init__(self, party: Party, token: str) -> None:
        self.token = token
        self._party = party

    @classmethod
    async def log_in(cls, party: Party, username: str, password: str) -> Administrator:
        answer = await party.get(
            "/api/login",
            method="POST",
            body=json.dumps({"username": username, "password": password}),
            headers={"Content-Type": "application/json"},
        )
        assert answer.code == 200, answer.body
        return cls(party, json.loads(answer.body)["token"])

    async def get(self, path: str) -> Any:
        answer = await self._party.get(path, headers=self._bearer())
        assert answer.code == 200, answer.body
        return json.loads(answer.body)

    async def put(self, path: str, document: dict[str, Any]) -> HTTPResponse:
        headers = {**self._bearer(), "Content-Type": "application/json"}
        return await self._party.get(path, method="PUT", body=json.dumps(document), headers=headers)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.mark.timeout(seconds=240)
async def test_an_evening(party: Party, tmp_path: Path) -> None:
    # Before the doors open: passwords, a slot.
    await asyncio.to_thread(control, party, "admin", "passwd", "serg", "--stdin", stdin=f"{SERG}\n")
    (row,) = await party.fetch("SELECT password_hash FROM admin WHERE username = 'serg'")
    assert row["password_hash"].startswith(f"$2b${HASH_ROUNDS}$")
    serg = await Administrator.log_in(party, "serg", SERG)
    slot = await serg.get(f"/api/slots/{SLOT}")
    changed = {
        "version": slot["version"],
        "display_name": "Новый год",
        "params": {"prompt": "snow", "model": "gemini-3.1-flash-image"},
        "output": {"format": "jpeg", "quality": 80, "fit": "crop", "max_edge_px": 900},
    }
    answer = await serg.put(f"/api/slots/{SLOT}", changed)
    assert answer.code == 200, answer.body

    # A provider that cannot keep a secret; then a strip of four, the last one upright.
    party.provider.script.then("indiscreet")
    (refused,) = await party.shoot()
    assert refused.why_original == "502 provider_error"
    upright = camera_jpeg(noise(1200, 800), orientation=6)
    party.provider.script.then("image", text_first=True).then("no_image")
    shots = [await party.camera().take(photo()) for _ in range(3)]
    shots.append(await party.camera().take(Photo("IMG_0004.JPG", upright)))
    assert [shot.why_original for shot in shots] == [None] * 4
    for shot, size in zip(shots, [(900, 600)] * 3 + [(600, 900)], strict=True):
        assert shot.picture is not None
        assert Image.open(BytesIO(shot.picture)).size == size
    orders = party.orders()
    assert {order.key for order in orders} == {KEY}
    assert {order.facts["model"] for order in orders} == {"gemini-3.1-flash-image"}
    assert {order.facts.get("prompt") for order in orders} == {"snow", None}

    # Every picture has its links, for guests and for administrators.
    jobs = (await serg.get("/api/jobs?status=done"))["items"]
    assert [job["status"] for job in jobs] == ["done"] * 4
    for shot, job in zip(reversed(shots), jobs, strict=True):
        assert shot.answer is not None
        assert shot.picture is not None
        assert shot.answer.headers["x-job-id"] == job["job_id"]
        link = f"/public/results/{job['job_id']}"
        assert (await party.get(link)).body == shot.picture
        preview = await party.get(f"{link}/preview")
        assert Image.open(BytesIO(preview.body)).format == "JPEG"
        assert b"<svg" in (await party.get(f"{link}/qr.svg")).body
        assert link.encode() in (await party.get(f"/r/{job['job_id']}")).body
    recent = (await serg.get(f"/api/slots/{SLOT}"))["recent_results"]
    assert [result["job_id"] for result in recent] == [job["job_id"] for job in jobs]
    text = await party.get(
        f"/api/ingest/{SLOT}?response=text",
        method="POST",
        body=multipart(photo().data, PASSWORD),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert text.body.startswith(b"https://booth.example/public/results/")

    # The password changes, and the next photo on either process needs the new one.
    settings = await serg.get("/api/settings")
    new = {"version": settings["version"], "ingest_password": NEW_PASSWORD}
    assert (await serg.put("/api/settings", new)).code == 200
    late = await asyncio.gather(*(party.camera(n).take(photo()) for n in range(1, 7)))
    assert {shot.why_original for shot in late} == {"401 invalid_password"}
    good = await asyncio.gather(
        *(party.camera(n, password=NEW_PASSWORD).take(photo()) for n in range(1, 7))
    )
    assert {shot.why_original for shot in good} == {None}

    # What was counted is what happened.
    stats = await serg.get("/api/stats?window=1h")
    assert stats["total"]["jobs"]["done"] == 11
    await party.nothing_left()

    # Afterwards: what has expired is gone before any cleanup, and its file with one.
    job_id = jobs[0]["job_id"]
    for table, column in (("job_history", "result_expires_at"), ("media_object", "expires_at")):
        await party.execute(
            f"UPDATE {table} SET {column} = now() - interval '1 second' WHERE job_id = $1", job_id
        )
    assert (await party.get(f"/public/results/{job_id}")).code == 410
    report = json.loads(await asyncio.to_thread(control, party, "cleanup", "--json"))
    assert report["freed_bytes"] > 0
    assert (await party.get(f"/public/results/{job_id}")).code == 410
    assert (await party.get(f"/public/results/{jobs[1]['job_id']}")).code == 200
    await party.nothing_left()

    # And nobody who reads the log, the jobs or the audit log learns a secret.
    await asyncio.to_thread(party.daemon.stop)
    secrets = [SERG, PASSWORD, NEW_PASSWORD, KEY, serg.token, "$2b$"]
    secrets.append((tmp_path / "jwt.key").read_text("utf-8").strip())
    secrets.append(base64.b64encode(upright[:60]).decode())
    lines = party.daemon.log().splitlines()
    assert len(lines) > 20
    for line in lines:
        assert {"timestamp", "level", "message"} <= json.loads(line).keys(), line
    rows = [*await party.fetch("SELECT * FROM audit_log"), *await party.jobs()]
    for told in (*lines, *map(repr, rows)):
        assert [secret for secret in secrets if secret in told] == [], told


def multipart(picture: bytes, password: str | None) -> bytes:
    """Return a form with the boundary ``b``."""
    secret = (
        b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n'
        + (password or "").encode()
        + b"\r\n"
    )
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return (secret if password is not None else b"") + head + picture + b"\r\n--b--\r\n"
