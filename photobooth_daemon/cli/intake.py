"""``photoboothctl intake``: how photos come in from cameras that cannot post."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import click

from photobooth_daemon.app.failures import EXIT_FAILED, EXIT_UNAVAILABLE
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import print_json, print_table, say

ANSWER_SECONDS = 5.0


@click.group()
def intake() -> None:
    """See what comes in by FTP and from watched folders."""


@intake.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(installation: Installation, as_json: bool) -> None:
    """Print what waits in each slot, why, and what became of the last photos.

    Exit status: 0 all is well; 1 photos are stuck or a folder is not there;
    3 the intake does not run.
    """
    config = installation.config.intake
    address = f"http://{config.status_host}:{config.status_port}/status"
    try:
        with urlopen(address, timeout=ANSWER_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
    except (URLError, OSError, ValueError) as error:
        say(f"The intake does not answer at {address}. Start it with", err=True)
        say("    sudo systemctl enable --now photobooth-intake", err=True)
        raise SystemExit(EXIT_UNAVAILABLE) from error
    if as_json:
        print_json(found)
    else:
        _show(found)
    sys.exit(0 if found["status"] == "ok" else EXIT_FAILED)


def _show(found: dict[str, Any]) -> None:
    port = found["ftp"].get("port")
    running = found["ftp"].get("running")
    say(f"FTP: {f'port {port}' if running else 'off'}")
    print_table(
        ["SLOT", "WAITING", "SENDING", "STUCK", "LAST", "OUTCOME", "AT", "WHY IT WAITS"],
        [_row(slot) for slot in found["slots"]],
    )


def _row(slot: dict[str, Any]) -> list[Any]:
    last = slot["last"][0] if slot["last"] else {}
    return [
        slot["slot_id"],
        slot["waiting"],
        slot["sending"],
        slot["stuck"],
        last.get("name"),
        last.get("outcome"),
        last.get("at"),
        slot["holds_up"],
    ]
