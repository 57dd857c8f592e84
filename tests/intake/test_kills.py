"""``kill -9`` of the intake and of the daemon while photos come: each has its picture, once.

``--kill-photos 300`` is an evening's worth; the default is quick.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from PIL import Image

from photobooth_daemon.rehearsal.camera_form import Photo
from photobooth_daemon.rehearsal.ftp_camera import FTP_HABITS, FtpCamera, FtpServer
from photobooth_daemon.rehearsal.tethering import TetheringProgram
from tests.support import started
from tests.support.daemons import PASSWORD, Daemon, until
from tests.support.hurry import RECOVERY, divided
from tests.support.intake_process import SLOT, IntakeProcess
from tests.support.provider_thread import ProviderThread
from tests.support.sample_pictures import corners, jpeg
from tests.support.ui_house import KEY

FOLDER_SLOT = "slot-002"
KILLS = 6
WIDTH_PX = 900
PROVIDER_SECONDS = 0.3
WINDOW_SECONDS = 10
LONGEST_PHASE_SECONDS = 0.7
AWAY_SECONDS = 1.0
SLOW_SLOT = (
    "UPDATE slot SET provider = 'gemini', operation = 'edit',"
    f""" params = '{{"prompt": "smile"}}' WHERE slot_id = '{SLOT}'"""
)
SHORT_WINDOW = (
    f"""UPDATE setting SET stored = stored || '{{"sync_response_seconds": {WINDOW_SECONDS}}}'"""
)
LOCAL_SLOT = (
    "UPDATE slot SET enabled = true, provider = 'local', operation = 'look'"
    f" WHERE slot_id = '{FOLDER_SLOT}'"
)


@pytest.fixture
def daemon(tmp_path: Path, database_url: str) -> Iterator[Daemon]:
    """A daemon whose provider takes its time, so that kills find photos in every state."""
    provider = ProviderThread(KEY)
    provider.fake.script.always("image", delay_seconds=PROVIDER_SECONDS)
    toml = f'[providers.gemini]\nbase_url = "{provider.url}"\napi_key = "{KEY}"\n'
    opened = Daemon(tmp_path, database_url, toml)
    opened.configure(SHORT_WINDOW, SLOW_SLOT, LOCAL_SLOT)
    opened.start()
    opened.wait_until_ready()
    yield opened
    opened.close()
    provider.close()


@pytest.fixture
def intake(tmp_path: Path, daemon: Daemon) -> Iterator[IntakeProcess]:
    opened = IntakeProcess(tmp_path, f"http://127.0.0.1:{daemon.port}")
    opened.password_path.write_text(PASSWORD)
    opened.start()
    yield opened
    opened.stop()


def photo_of(number: int) -> Photo:
    """Return a photo that its picture can be told by: it is as wide as its number says."""
    return Photo(f"IMG_{number:04d}.JPG", jpeg(corners(WIDTH_PX + number, 600)))


async def send_until_it_is_there(intake: IntakeProcess, photo: Photo, *, by_ftp: bool) -> None:
    """Send as a camera does: what was not acknowledged is sent anew."""
    if by_ftp:
        server = FtpServer("127.0.0.1", intake.ftp_port, SLOT, PASSWORD, timeout_seconds=10)
        camera: Any = FtpCamera(server, FTP_HABITS["canon"])
    else:
        camera = TetheringProgram(intake.shelf("in", FOLDER_SLOT), "renaming")
    while (await camera.take(photo)).why_original is not None:
        signal.sigtimedwait([], 0.1)


@pytest.mark.parametrize("victim", ["intake", "daemon"])
def test_killed_again_and_again_every_photo_has_one_picture(
    daemon: Daemon,
    intake: IntakeProcess,
    database_url: str,
    victim: str,
    request: pytest.FixtureRequest,
) -> None:
    photos = [photo_of(number) for number in range(request.config.getoption("--kill-photos") // 2)]
    chance = random.Random(1)
    with ThreadPoolExecutor(8) as cameras:

        def begin(photo: Photo, by_ftp: bool) -> Future[None]:
            return cameras.submit(asyncio.run, send_until_it_is_there(intake, photo, by_ftp=by_ftp))

        sending = []
        for kill in range(KILLS):
            coming = photos[kill::KILLS]
            sending += [begin(photo, by_ftp) for photo in coming for by_ftp in (True, False)]
            # Photos are on their way, anywhere between the camera and out/.
            signal.sigtimedwait([], chance.uniform(0, LONGEST_PHASE_SECONDS))
            if victim == "intake":
                intake.stop(9)
                intake.start()
            else:
                _kill(daemon)
                # Photos pile up meanwhile, so that the next kill comes upon some.
                signal.sigtimedwait([], AWAY_SECONDS)
                daemon.start()
                daemon.wait_until_ready()
        for one in sending:
            one.result()
    _close_what_was_killed(daemon, database_url)
    names = [photo.name.replace(".JPG", ".jpg") for photo in photos]
    for slot in (SLOT, FOLDER_SLOT):
        until(lambda slot=slot: len(intake.files("out", slot)) >= len(photos), seconds=150)
        until(lambda slot=slot: intake.files("in", slot) == [])
        assert intake.files("out", slot) == names
        assert intake.files("done", slot) == [photo.name for photo in photos]
        assert intake.files("failed", slot) == []
    for number, name in enumerate(names):
        with Image.open(intake.shelf("out", FOLDER_SLOT) / name) as picture:
            assert picture.width == WIDTH_PX + number
    jobs = asyncio.run(_jobs(database_url))
    done = [(job["slot_id"], job["input_sha256"]) for job in jobs if job["status"] == "done"]
    assert len(done) == len(set(done)) == 2 * len(photos)
    interrupted = {None, "interrupted"} if victim == "daemon" else {None}
    assert {job["failure_code"] for job in jobs} == interrupted


def test_a_photo_whose_first_try_nobody_will_end_waits(
    daemon: Daemon, intake: IntakeProcess, database_url: str
) -> None:
    intake.shelf("in").joinpath("IMG.JPG").write_bytes(photo_of(1).data)
    until(lambda: [job["status"] for job in asyncio.run(_jobs(database_url))] == ["pending"])
    _kill(daemon)
    # Its own look for what was killed comes in a tenth of the field's time, and ends it.
    daemon.constants = divided(RECOVERY, 10)
    daemon.start()
    # The key is the killed job's until somebody notices; the photo is not refused for that.
    # (A machine that takes longer to start a daemon than the window is has noticed already.)
    until(
        lambda: (
            "has not ended yet" in str(intake.status())
            or intake.files("failed")
            or intake.files("out")
        )
    )
    assert intake.files("failed") == []
    until(lambda: intake.files("out") == ["IMG.jpg"], 150)


async def _jobs(database_url: str) -> list[Any]:
    connection = await asyncpg.connect(database_url)
    try:
        return list(await connection.fetch("SELECT * FROM job_history"))
    finally:
        await connection.close()


async def _windows_are_open(database_url: str) -> bool:
    now = datetime.now(UTC)
    jobs = await _jobs(database_url)
    return any(job["status"] == "pending" and job["deadline_at"] > now for job in jobs)


def _close_what_was_killed(daemon: Daemon, database_url: str) -> None:
    """End jobs without a process, as each minute does, once their windows have closed."""
    until(lambda: not asyncio.run(_windows_are_open(database_url)))
    cleaned = started.run(started.CONTROL, "--config", daemon.config_path, "cleanup")
    assert cleaned.returncode == 0, cleaned.stderr


def _kill(daemon: Daemon) -> None:
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()
