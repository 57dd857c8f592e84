"""``photoboothctl send``: send photos as a booth does, and tell what it would print."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import IO, Any

import click

from photobooth_daemon.app.failures import EXIT_FAILED, EXIT_UNAVAILABLE
from photobooth_daemon.cli.send_intake import NAMES, IntakeWay
from photobooth_daemon.cli.send_report import SendReport
from photobooth_daemon.rehearsal.camera import Camera, Habits
from photobooth_daemon.rehearsal.camera_form import Booth, Photo
from photobooth_daemon.rehearsal.ftp_camera import DEFAULT_FTP_PORT
from photobooth_daemon.rehearsal.photo_source import find_photos, read_photo, watch
from photobooth_daemon.rehearsal.shoot import Plan, Sends, Summary, shoot, shoot_as_they_come

PASSWORD_VARIABLE = "PHOTOBOOTH_INGEST_PASSWORD"  # noqa: S105 - its name
DEFAULT_SERVER = "http://127.0.0.1:8080"
EXIT_INTERRUPTED = 130


@click.command()
@click.argument("photos", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--watch",
    "watched",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Send each photo that appears in this folder, until Ctrl-C.",
)
@click.option(
    "--ftp",
    metavar="HOST[:PORT]",
    help=f"Send by FTP, as a camera that cannot post [port: {DEFAULT_FTP_PORT}].",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, exists=True, file_okay=False, writable=True),
    help="Put the photos into this folder, as a tethering program does.",
)
@click.option("--as", "habits_name", type=click.Choice(NAMES), help="Whose oddities it has.")
@click.option("--active", is_flag=True, help="FTP: active mode; passive is what else is used.")
@click.option("--ftps", is_flag=True, help="FTP: encrypted (AUTH TLS).")
@click.option(
    "--out",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Wait for the pictures in this folder of the intake's; else for nothing.",
)
@click.option("--server", help=f"Where the daemon is [default: {DEFAULT_SERVER}].")
@click.option("--slot", default="slot-001", show_default=True, help="The slot to send to.")
@click.option("--url", help="The whole URL as typed into the booth.")
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A running quick start's directory: server and password are taken from it.",
)
@click.option(
    "--password-file",
    type=click.File("r"),
    help=f"The ingest password's file [default: ${PASSWORD_VARIABLE}, else a prompt].",
)
@click.option("--cameras", type=click.IntRange(1, 1000), default=1, help="So many booths at once.")
@click.option("--strip", type=click.IntRange(1), default=1, help="Each photo so many times.")
@click.option("--repeat", type=click.IntRange(1), default=1, help="All photos so many times.")
@click.option("--for-seconds", type=click.FloatRange(0, min_open=True), help="Go on for so long.")
@click.option(
    "--client-timeout",
    type=click.FloatRange(0, min_open=True),
    default=50.0,
    show_default=True,
    help="Seconds after which the booth hangs up.",
)
@click.option("--max-edge", type=click.IntRange(1), help="Shrink to so many pixels first.")
@click.option(
    "--upload-kbps",
    type=click.FloatRange(0, min_open=True),
    help="A slow booth: so many kilobytes a second each.",
)
@click.option("--no-expect", is_flag=True, help="Do not ask for 100 Continue first.")
@click.option("--code-page", default="ascii", help="Encoding of the text fields, such as cp1251.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="One more form field.")
@click.option("--insecure", is_flag=True, help="Take any TLS certificate.")
@click.option(
    "--save-to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the pictures that come back in this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def send(
    photos: Sequence[Path],
    watched: Path | None,
    ftp: str | None,
    into: Path | None,
    habits_name: str | None,
    active: bool,
    ftps: bool,
    out: Path | None,
    server: str | None,
    slot: str,
    url: str | None,
    state_dir: Path | None,
    password_file: IO[str] | None,
    cameras: int,
    strip: int,
    repeat: int,
    for_seconds: float | None,
    client_timeout: float,
    max_edge: int | None,
    upload_kbps: float | None,
    no_expect: bool,
    code_page: str,
    fields: Sequence[str],
    insecure: bool,
    save_to: Path | None,
    as_json: bool,
) -> None:
    """Send PHOTOS, files or folders, as DSLR Remote Pro does.

    Anything but a 200 with a picture means that the booth prints the original.
    With --ftp and --into a photo that was sent is well; with --out, one whose picture came.

    Exit status: 0 every photo came back as a picture; 1 some did not;
    3 nobody answered at that address.
    """
    if bool(photos) == bool(watched):
        raise click.UsageError("Give photos or folders, or one folder to --watch.")
    way = IntakeWay(
        ftp,
        into,
        habits_name,
        out,
        active,
        ftps,
        verify_tls=not insecure,
        timeout_seconds=client_timeout,
        bytes_per_second=upload_kbps * 1000 if upload_kbps else None,
    )
    way.check(
        {
            "--server": server,
            "--url": url,
            "--no-expect": no_expect,
            "--field": fields,
            "--save-to": save_to,
        }
    )
    if into is None:
        address, password = _destination(server, slot, url, state_dir, password_file)
    else:
        address, password = "", ""
    try:
        codecs.lookup(code_page)
        found = [read_photo(path, max_edge) for path in find_photos(photos)]
        booths = [
            Booth(number, code_page, dict(_pair(text) for text in fields))
            for number in range(1, cameras + 1)
        ]
        habits = Habits(
            expect_continue=not no_expect,
            timeout_seconds=client_timeout,
            upload_bytes_per_second=upload_kbps * 1000 if upload_kbps else None,
            verify_tls=not insecure,
        )
        made: Sequence[Sends]
        if way.is_chosen:
            once = cameras * strip * repeat == 1 and for_seconds is None
            made = way.cameras(cameras, slot, password, numbered=not once)
        else:
            made = [Camera(address, password, booth=booth, habits=habits) for booth in booths]
    except (OSError, ValueError, LookupError) as error:
        raise click.UsageError(str(error)) from error
    plan = Plan(found, strip, repeat, for_seconds)
    total = None if watched else plan.shots_in_all(cameras)
    summary = Summary()
    with SendReport(save_to, total, as_json) as report:
        if watched:
            coming = _read_each(watch(watched), max_edge, report)
            work = shoot_as_they_come(made, coming, report.note, summary)
        else:
            work = shoot(made, plan, report.note, summary)
        interrupted = asyncio.run(_until_interrupted(work))
    report.conclude(summary)
    if interrupted and not watched:
        sys.exit(EXIT_INTERRUPTED)
    if summary.nothing_reached():
        sys.exit(EXIT_UNAVAILABLE)
    well = summary.pictures + summary.sent
    sys.exit(0 if well == len(summary.shots) else EXIT_FAILED)


async def _until_interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Do the work; a Ctrl-C ends it with what there is, and True."""
    task = asyncio.create_task(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


async def _read_each(
    paths: AsyncIterator[Path], max_edge_px: int | None, report: SendReport
) -> AsyncIterator[Photo]:
    async for path in paths:
        try:
            photo = await asyncio.to_thread(read_photo, path, max_edge_px)
        except OSError as error:
            report.say(f"{path.name}: cannot be read ({error})")
            continue
        yield photo


def _destination(
    server: str | None,
    slot: str,
    url: str | None,
    state_dir: Path | None,
    password_file: IO[str] | None,
) -> tuple[str, str]:
    """Return the URL and the ingest password; the password never comes from the command line."""
    password = os.environ.get(PASSWORD_VARIABLE)
    if state_dir is not None:
        try:
            credentials = json.loads((state_dir / "credentials.json").read_text("utf-8"))
            server = server or credentials["base_url"]
            password = password or credentials["ingest_password"]
        except (OSError, ValueError, KeyError) as error:
            raise click.UsageError(f"No quick start's credentials in {state_dir}.") from error
    if password_file is not None:
        password = password_file.read().rstrip("\r\n")
    if password is None:
        if not sys.stdin.isatty():
            raise click.UsageError(f"Set {PASSWORD_VARIABLE}, or give --password-file.")
        password = click.prompt("Ingest password", hide_input=True, err=True)
    base = (server or DEFAULT_SERVER).rstrip("/")
    return url or f"{base}/api/ingest/{slot}?response=image", password


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    return name, value
