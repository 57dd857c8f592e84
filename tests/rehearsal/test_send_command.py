"""``photoboothctl send``: what it tells scripts, and the folders that it takes its photos from."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from photobooth_daemon.cli import main
from photobooth_daemon.rehearsal.photo_source import find_photos, read_photo, watch
from tests.rehearsal.raw_server import answer, picture, polite, server
from tests.support import started
from tests.support.fakes import eventually


def test_a_folder_gives_its_pictures_by_name(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "c.part.jpg"):
        (tmp_path / name).write_bytes(picture())
    assert [path.name for path in find_photos([tmp_path])] == ["a.png", "b.JPG"]
    with pytest.raises(FileNotFoundError):
        find_photos([tmp_path / "nowhere.jpg"])


def test_a_photo_is_shrunk_when_the_operator_says_so(tmp_path: Path) -> None:
    (tmp_path / "big.jpg").write_bytes(picture(400, 300))
    with Image.open(io.BytesIO(read_photo(tmp_path / "big.jpg", 100).data)) as smaller:
        assert smaller.size == (100, 75)


async def test_a_watched_folder_gives_photos_once_they_are_whole(tmp_path: Path) -> None:
    (tmp_path / "before.jpg").write_bytes(picture())
    given: list[Path] = []

    async def collect() -> None:
        async for path in watch(tmp_path):
            given.append(path)

    task = asyncio.create_task(collect())
    try:
        await asyncio.sleep(0.3)
        growing = tmp_path / "IMG_0001.JPG"
        whole = picture(800, 800)
        for share in (0, 1, 2, 3):
            growing.write_bytes(whole[: len(whole) * share // 3])
            assert given == []
            await asyncio.sleep(0.3)
        await eventually(lambda: given == [growing])
        assert growing.read_bytes() == whole
    finally:
        task.cancel()


def run_send(
    *arguments: str | Path, password: str | None = "p"
) -> subprocess.CompletedProcess[str]:
    environment = {"PHOTOBOOTH_INGEST_PASSWORD": password} if password else {}
    return started.run(started.CONTROL, "send", *arguments, environment=environment)


async def test_the_command_tells_scripts_and_keeps_the_pictures(tmp_path: Path) -> None:
    (tmp_path / "IMG_0042.JPG").write_bytes(picture())
    reply = answer("200 OK", "image/jpeg", picture(30, 20))
    async with server(polite(reply)) as url:
        options = ("--url", url, "--json", "--strip", "2", "--save-to", tmp_path / "back")
        ran = await asyncio.to_thread(run_send, tmp_path / "IMG_0042.JPG", *options)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["pictures"] == 2
    assert told["shots"][0]["job_id"] == "j1"
    assert (told["shots"][0]["width"], told["shots"][0]["size_bytes"]) == (
        30,
        len(picture(30, 20)),
    )
    assert [path.read_bytes() for path in sorted((tmp_path / "back").iterdir())] == [
        picture(30, 20)
    ] * 2


async def test_the_exit_status_means_something(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(picture())
    reply = answer("502 Bad", "application/problem+json", b'{"code":"provider_error"}')
    async with server(polite(reply)) as url:
        refused = await asyncio.to_thread(run_send, photo, "--url", url)
    assert refused.returncode == 1
    assert "a.jpg: use original: 502 provider_error" in refused.stderr
    nobody = await asyncio.to_thread(run_send, photo, "--server", url)
    assert nobody.returncode == 3
    no_password = await asyncio.to_thread(run_send, photo, password=None)
    assert no_password.returncode == 2
    assert "PHOTOBOOTH_INGEST_PASSWORD" in no_password.stderr


def test_the_command_line_takes_no_password() -> None:
    helped = CliRunner().invoke(main, ["send", "--help"])
    assert "--password " not in helped.output


async def test_a_watched_folder_is_sent_until_ctrl_c(tmp_path: Path) -> None:
    reply = polite(answer("200 OK", "image/jpeg", picture()))
    served: list[int] = []
    photos = tmp_path / "photos"
    photos.mkdir()

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reply(reader, writer)
        served.append(1)

    async with server(count) as url:
        with (tmp_path / "told").open("wb") as told:
            process = started.start(
                started.CONTROL,
                *("send", "--watch", photos, "--url", url, "--json"),
                files={1: told.fileno()},
                environment={"PHOTOBOOTH_INGEST_PASSWORD": "p"},
            )
        number = 0
        while not served and process.poll() is None:
            # A file that is there before the first look is not new: give it another.
            number += 1
            (photos / f"IMG_{number:04d}.JPG").write_bytes(picture())
            await asyncio.sleep(1.0)
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, 20) == 0
    assert json.loads((tmp_path / "told").read_text("utf-8"))["pictures"] >= 1
