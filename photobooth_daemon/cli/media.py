"""``photoboothctl media``: from files to a bucket, and back."""

from __future__ import annotations

from dataclasses import asdict

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.app.media import opened_media_store
from photobooth_daemon.cli.printing import log_to_stderr, print_json_line, say
from photobooth_daemon.errors import ConfigError, Fault
from photobooth_daemon.media.both_stores import BothStores
from photobooth_daemon.media.copy import MediaCopy
from photobooth_daemon.model import MB


@click.group()
def media() -> None:
    """Move the pictures to another store."""


@media.command()
@click.option("--to", required=True, type=click.Choice(["files", "s3"]), help="Where they go.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def copy(installation: Installation, to: str, as_json: bool) -> None:
    """Copy what is in the other store to the one in use, while the daemon serves from both.

    Beforehand the daemon runs with [media] store naming where the pictures go, and read_also
    where they come from. What is there already is passed by: run it again after a fault. Each
    picture is read back and compared.
    """
    config = installation.config
    log_to_stderr(config.logging)
    other = "files" if to == "s3" else "s3"
    if config.media.store != to or config.media.read_also != other:
        message = f'set store = "{to}" and read_also = "{other}", and restart the daemon'
        raise ConfigError([Fault("media", message)])
    async with opened_media_store(config.media) as both:
        assert isinstance(both, BothStores)
        both.create()
        report = await MediaCopy(both.second, both.first).run()
    if as_json:
        print_json_line(asdict(report))
    else:
        say(f"{report.copied} pictures copied, {report.copied_bytes / MB:.1f} MB;")
        say(f"{report.there_already} were there already, {report.gone} have gone meanwhile.")
        if not report.failed:
            say("Nothing is left to copy: read_also can go, and the daemon be restarted.")
    if report.failed:
        raise click.ClickException(f"{report.failed} pictures are not copied: see the log.")
