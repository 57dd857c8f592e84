"""What the API says of cameras that cannot post, with a real intake beside the daemon."""

from __future__ import annotations

import asyncio
import dataclasses
import ftplib
import io
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.config import start_up
from photobooth_daemon.database.pool import Database
from tests.support.daemons import until
from tests.support.fake_ingest import FakeIngest, problem
from tests.support.intake_process import PASSWORD, SLOT, IntakeProcess
from tests.support.office import Office
from tests.support.sample_pictures import corners, jpeg


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    with FakeIngest() as opened:
        yield opened


@pytest.fixture
def intake(tmp_path: Path, ingest: FakeIngest) -> Iterator[IntakeProcess]:
    """The intake, not yet running."""
    opened = IntakeProcess(tmp_path, ingest.url)
    yield opened
    if opened.process is not None:
        opened.stop()


@pytest.fixture
def beside(
    io_loop: IOLoop, database: Database, tmp_path: Path, intake: IntakeProcess
) -> Iterator[Office]:
    """The daemon with the intake's configuration."""
    config = start_up.load(intake.config_path, {}).intake

    directory = tmp_path / "office"
    directory.mkdir()
    opened: Office = io_loop.run_sync(lambda: Office.open(database, directory, intake=config))
    yield opened
    io_loop.run_sync(opened.close)


async def told(office: Office) -> Any:
    reply = await office.get("/api/intake")
    assert reply.status == 200, reply.body
    assert PASSWORD.encode() not in reply.body
    return reply.json()


async def ended(office: Office, count: int) -> list[Any]:
    """Return the first slot's last photos once so many have ended."""
    while True:
        photos = (await told(office))["slots"][0]["photos"]
        if len([photo for photo in photos if photo["outcome"] != "taken"]) >= count:
            return list(photos)
        await asyncio.sleep(0.05)


def send(intake: IntakeProcess, name: str, number: int = 0) -> None:
    with ftplib.FTP(timeout=20) as camera:
        camera.connect("127.0.0.1", intake.ftp_port)
        camera.login("s1", PASSWORD)
        camera.storbinary(f"STOR {name}", io.BytesIO(jpeg(corners(40 + number, 30))))


async def test_what_to_type_and_what_became_of_photos(
    beside: Office, intake: IntakeProcess, ingest: FakeIngest
) -> None:
    await asyncio.to_thread(intake.start)
    ingest.answers = [problem(422, "invalid_image")]
    await asyncio.to_thread(send, intake, "FIRST.JPG", 1)
    await asyncio.to_thread(until, lambda: intake.files("failed"))
    ingest.may_answer.clear()
    await asyncio.to_thread(send, intake, "SECOND.JPG", 2)
    await asyncio.to_thread(until, lambda: len(ingest.posted) == 2)

    found = await told(beside)
    assert found["state"] == "running"
    assert found["free_bytes"] > 0
    ftp = found["ftp"]
    assert (ftp["address"], ftp["port"], ftp["tls"]) == ("127.0.0.1", intake.ftp_port, "off")
    slot, other = found["slots"]
    assert (slot["slot_id"], slot["users"]) == (SLOT, [SLOT, "s1"])
    assert slot["folder"] == str(intake.shelf("in"))
    assert slot["results_folder"] == str(intake.shelf("out"))
    assert (slot["status"]["waiting"], slot["status"]["writable"]) == (1, True)
    assert (other["slot_id"], other["photos"]) == ("slot-002", [])
    taken, failed = slot["photos"]
    assert (taken["name"], taken["outcome"], taken["source"]) == ("SECOND.JPG", "taken", "ftp")
    assert (failed["outcome"], failed["code"]) == ("failed", "invalid_image")
    assert failed["reason"].keys() == {"ru", "en"}

    ingest.may_answer.set()
    last = await ended(beside, 2)
    assert [photo["outcome"] for photo in last] == ["done", "failed"]


async def test_the_last_photos_are_remembered_over_a_restart(
    beside: Office, intake: IntakeProcess, ingest: FakeIngest
) -> None:
    await asyncio.to_thread(intake.start)
    ingest.answers = [problem(504, "provider_timeout")]
    for number in range(12):
        await asyncio.to_thread(send, intake, f"{number:02d}.JPG", number)
        so_many = number + 1
        await asyncio.to_thread(
            until,
            lambda n=so_many: len(intake.files("done")) + len(intake.files("failed")) > n,
        )
    for _ in range(2):
        photos = await ended(beside, 10)
        assert [photo["name"] for photo in photos] == [f"{n:02d}.JPG" for n in range(11, 1, -1)]
        assert {photo["outcome"] for photo in photos} == {"done"}
        intake.stop()
        await asyncio.to_thread(intake.start)
    for number in range(3, 12):
        intake.shelf("done").joinpath(f"{number:02d}.JPG").unlink()
    intake.stop()
    await asyncio.to_thread(intake.start)
    photos = (await told(beside))["slots"][0]["photos"]
    assert photos[-1]["code"] == "provider_timeout"
    assert photos[-1]["reason"]["en"].startswith("The provider was not done")


async def test_a_name_that_is_no_text_is_told(
    beside: Office, intake: IntakeProcess, ingest: FakeIngest
) -> None:
    await asyncio.to_thread(intake.start)
    name = os.fsdecode("Фото".encode("cp1251")) + ".jpg"
    (intake.shelf("in") / name).write_bytes(jpeg(corners(40, 30)))
    (photo,) = await ended(beside, 1)
    assert photo["name"] == "????.jpg"


async def test_one_that_does_not_answer_is_down(beside: Office) -> None:
    found = await told(beside)
    assert found["state"] == "down"
    assert found["slots"][0]["users"] == [SLOT, "s1"]
    assert found["slots"][0]["status"] is None


async def test_one_that_nobody_gave_a_password_is_off(office: Office) -> None:
    found = await told(office)
    assert (found["state"], len(found["slots"])) == ("off", 15)
    assert found["ftp"]["address"] is None


ANSWERS = [
    b"<p>another program</p>",
    b"[]",
    b'{"ftp": {}, "slots": []}',
    b'{"ftp": {"running": false}, "free_bytes": 1, "slots": [{"slot_id": "slot-001"}]}',
    b" " * 2_000_000 + b"{}",
]


@pytest.mark.parametrize("body", ANSWERS, ids=["text", "list", "less", "half", "endless"])
async def test_a_stranger_on_the_intakes_port_is_no_intake(
    io_loop: IOLoop, database: Database, tmp_path: Path, intake: IntakeProcess, body: bytes
) -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                self.wfile.write(body)
            except ConnectionError:
                return

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        config = start_up.load(intake.config_path, {}).intake
        config = dataclasses.replace(config, status_port=server.server_address[1])
        office = await Office.open(database, tmp_path, intake=config)
        try:
            assert (await told(office))["state"] == "down"
        finally:
            await office.close()
            server.shutdown()
