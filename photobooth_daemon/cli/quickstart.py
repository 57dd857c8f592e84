"""``photoboothctl quickstart``: a running booth in one command, to try out."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photobooth_daemon.app.failures import EXIT_FAILED, Failure
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import print_json_line, say, say_text
from photobooth_daemon.cli.services import services
from photobooth_daemon.config.urls import is_this_machine
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.model import Actor
from photobooth_daemon.model.versions import ExpectedVersion

if TYPE_CHECKING:
    from photobooth_daemon.rehearsal.quickstart import Running
    from photobooth_daemon.rehearsal.quickstart_state import Credentials, QuickstartState

SLOTS = {
    "slot-001": {
        "display_name": "Чёрно-белое",
        "enabled": True,
        "provider": "local",
        "operation": "look",
        "params": {},
        "response_mode": "json",
    },
    "slot-002": {
        "display_name": "Комикс (репетиция)",
        "enabled": True,
        "provider": "gemini",
        "operation": "edit",
        "params": {
            "prompt": "Redraw this party photo as a cheerful comic; keep every face recognisable."
        },
        "response_mode": "json",
    },
}

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - what --lan asks for


@click.command()
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("quickstart-state"),
    show_default=True,
    help="Where everything is kept, for the next time too.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Where the daemon listens on 127.0.0.1; 0: any free port.",
)
@click.option("--lan", is_flag=True, help="Listen to the other machines of this network, too.")
@click.option("--once", is_flag=True, help="Stop after the first photo; print JSON.")
@click.option("--intake", is_flag=True, help="Take photos in by FTP and from folders, too.")
@click.option(
    "--ftp-port",
    type=click.IntRange(0, 65535),
    default=2121,
    show_default=True,
    help="Where the intake's FTP listens; 0: any free port.",
)
def quickstart(
    state_dir: Path, port: int, lan: bool, once: bool, intake: bool, ftp_port: int
) -> None:
    """Run a whole booth on this machine: database, daemon, rehearsal provider, a first photo.

    slot-001 makes photos black and white by itself; slot-002 asks the
    rehearsal provider in Gemini's place. With a key in the environment
    (PHOTOBOOTH_PROVIDERS__GEMINI__API_KEY) it asks Google, and photos cost
    money; with PHOTOBOOTH_PROVIDERS__GEMINI__BASE_URL whoever is there.
    """
    from photobooth_daemon.rehearsal.quickstart import Quickstart
    from photobooth_daemon.rehearsal.quickstart_state import QuickstartError, QuickstartState

    state = QuickstartState(state_dir)

    async def prepare(credentials: Credentials) -> None:
        await _prepare(Installation(state.config_path), credentials)

    def show(running: Running) -> None:
        if once:
            print_json_line(running.as_json())
        else:
            _show(running, state)

    try:
        booth = Quickstart(
            state,
            port=port,
            prepare=prepare,
            say=partial(say, err=True),
            ftp_port=ftp_port if intake else None,
            host=EVERY_ADDRESS if lan else "127.0.0.1",
        )
        booth.run(show, once=once)
    except (QuickstartError, PhotoboothError) as error:
        if once:
            print_json_line({"result_link": None, "admin_url": None, "error": str(error)})
        if isinstance(error, PhotoboothError):
            raise Failure(error) from error
        say(f"Error: {error}", err=True)
        sys.exit(EXIT_FAILED)


async def _prepare(installation: Installation, credentials: Credentials) -> None:
    """Migrate, put the passwords in force, and set up the slots that nobody has set up yet."""
    from photobooth_daemon.database import migrations

    async with installation.database(check_schema=False) as database:
        await migrations.migrate(database, installation.clock)
    async with services(installation) as made:
        actor = Actor("quickstart")
        running = await made.administration.event_repository.list_running(
            installation.clock.utcnow()
        )
        if any(event.frozen for event in running):
            # Whoever starts it again while an evening runs wants it to run, whatever that froze.
            actor = replace(actor, override_reason="the quick start was started")
        for username, password in credentials.admins.items():
            await made.administration.admins.set_password(username, password, actor)
        settings = made.administration.settings
        changes = {"ingest_password": credentials.ingest_password}
        address = (await settings.get()).values.public_url
        if address is None or is_this_machine(address):
            # The port may be another one than the last time; an address that was set here stays.
            port = installation.config.server.listen.port
            changes["public_url"] = f"http://127.0.0.1:{port}"
        await settings.update(changes, ExpectedVersion.any(), actor)
        for slot_id, config in SLOTS.items():
            slot = await made.administration.slots.get(slot_id)
            if slot.provider is None:
                expected = ExpectedVersion.exactly(slot.version)
                await made.administration.slots.update(slot_id, config, expected, actor)


def _show(running: Running, state: QuickstartState) -> None:
    say_text(
        f"""
The booth is running.
  the first photo's result   {running.result_link}
  administration             {running.admin_url}  (as serg or igor)
  slot-002                   {running.asks}
  passwords                  {state.credentials_path}
  send more photos           {_this_program()} send --state-dir {state.path} PHOTO …
  the daemon's log           {state.log_path}{_intake_lines(running)}
Ctrl-C stops it."""
    )


def _this_program() -> str:
    """Return what to type for this program: it need not be on the shell's path."""
    return sys.argv[0] if Path(sys.argv[0]).name == "photoboothctl" else "photoboothctl"


def _intake_lines(running: Running) -> str:
    if running.intake is None:
        return ""
    address = f"ftp://{running.intake['ftp_host']}:{running.intake['ftp_port']}"
    return f"""
  FTP for cameras            {address}  (user slot-001 or s1, the ingest password)
  folders for photos         {running.intake["folder"]}/slot-001/in"""
