"""``python -m bench.intake``: photos a second by FTP, by folder and by HTTP; the intake at rest."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from bench.photos import photos
from bench.rig import PASSWORD, SLOT, Rig, running, shoot
from bench.tables import table
from bench.usage import cpu_seconds, resident_mb
from photobooth_daemon.rehearsal.camera_form import Photo
from photobooth_daemon.rehearsal.ftp_camera import FTP_HABITS, FtpCamera, FtpServer

SIZE = "3"
AT_ONCE = 8
REST_SECONDS = 20.0
FTP_PORT, STATUS_PORT = 32121, 38089
LONGEST_SECONDS = 300.0


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="A place to work.")
@click.option("--photos", "count", type=int, default=64, show_default=True)
def main(folder: Path, count: int) -> None:
    """Measure the intake beside the way that it uses itself; the provider answers at once."""
    folder.mkdir(parents=True, exist_ok=True)
    photo = photos(folder, click.echo)[SIZE]
    with Rig(folder) as rig, rig.daemon() as daemon:
        shoot(daemon.port, photo, photos=4, at_once=2, paths=[f"/api/ingest/{SLOT}"])
        outcome = shoot(
            daemon.port, photo, photos=count, at_once=AT_ONCE, paths=[f"/api/ingest/{SLOT}"]
        )
        rows = [("HTTP", f"{count / outcome['wall_seconds']:.1f}", "–", "–")]
        config = _configure(folder, daemon.port)
        command = [sys.executable, "-m", "photobooth_daemon.process.intake", "--config", config]
        with running([str(part) for part in command], folder / "intake.log") as intake:
            _until(lambda: (folder / "intake" / SLOT / "in").is_dir())
            time.sleep(3)
            rest = cpu_seconds(intake.pid)
            time.sleep(REST_SECONDS)
            rest = (cpu_seconds(intake.pid) - rest) / REST_SECONDS
            rest_mb = resident_mb(intake.pid)
            for name, send in (("FTP", _by_ftp), ("folder", _by_folder)):
                cpu, begun = cpu_seconds(intake.pid), time.monotonic()
                send(folder, photo, count)
                out = folder / "intake" / SLOT / "out"
                _until(partial(_has, out, f"{name}*", count))
                seconds = time.monotonic() - begun
                cpu_ms = 1000 * (cpu_seconds(intake.pid) - cpu) / count
                memory = f"{resident_mb(intake.pid):.0f}"
                rows.append((name, f"{count / seconds:.1f}", f"{cpu_ms:.0f}", memory))
    click.echo(table(("way", "photos/s", "the intake's CPU ms a photo", "its memory, MB"), rows))
    click.echo(f"At rest: {100 * rest:.2f} % of a core, {rest_mb:.0f} MB.")


def _configure(folder: Path, port: int) -> Path:
    subprocess.run(["rm", "-rf", str(folder / "intake")], check=True)
    config, password = folder / "intake.toml", folder / "ingest-password"
    password.write_text(PASSWORD)
    config.write_text(
        f'[intake]\nfolder = "{folder}/intake"\nserver = "http://127.0.0.1:{port}"\n'
        f'password_file = "{password}"\nftp_listen = "127.0.0.1:{FTP_PORT}"\n'
        f'status_listen = "127.0.0.1:{STATUS_PORT}"\nat_once_per_slot = {AT_ONCE}\n'
    )
    return config


def _by_ftp(_: Path, photo: Path, count: int) -> None:
    server = FtpServer("127.0.0.1", FTP_PORT, SLOT, PASSWORD)
    data = photo.read_bytes()

    async def work(number: int) -> None:
        camera = FtpCamera(server, FTP_HABITS["canon"], number)
        for shot in range(number, count, AT_ONCE):
            taken = await camera.take(Photo(f"FTP{shot:04d}.JPG", data))
            if taken.why_original is not None:
                raise RuntimeError(taken.why_original)

    async def all_of_them() -> None:
        await asyncio.gather(*(work(number) for number in range(AT_ONCE)))

    asyncio.run(all_of_them())


def _by_folder(folder: Path, photo: Path, count: int) -> None:
    data = photo.read_bytes()
    for shot in range(count):
        path = folder / "intake" / SLOT / "in" / f"folder{shot:04d}.jpg"
        unfinished = path.with_suffix(".tmp")
        unfinished.write_bytes(data)
        unfinished.rename(path)


def _has(folder: Path, pattern: str, count: int) -> bool:
    return len(list(folder.glob(pattern))) == count


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the intake does not get through")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
