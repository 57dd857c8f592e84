"""``photoboothctl host``: the machines that share an installation."""

from __future__ import annotations

from dataclasses import asdict

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import print_json, print_table, say
from photobooth_daemon.cli.services import services
from photobooth_daemon.clock import rfc3339
from photobooth_daemon.config.digest import said_alike


@click.group()
def host() -> None:
    """See which hosts run, and forget one that is gone for good."""


@host.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def list_hosts(installation: Installation, as_json: bool) -> None:
    """List the hosts of the last day; hosts that are set up alike have one configuration."""
    async with services(installation) as here:
        hosts = await here.hosts.list_all()
    if as_json:
        print_json([asdict(found) for found in hosts])
        return
    print_table(
        ["HOST", "PROCESSES", "VERSION", "CONFIGURATION", "SEEN"],
        [
            [
                found.host,
                found.processes or "silent",
                " ".join(found.versions),
                " ".join(sorted({said_alike(digest)[:8] for digest in found.config_digests})),
                rfc3339(found.seen_at),
            ]
            for found in hosts
        ],
    )


@host.command()
@click.argument("name")
@click.pass_obj
@run_async
async def forget(installation: Installation, name: str) -> None:
    """Take a silent host off the board, which ends its alert.

    It is back as soon as its daemon runs again.
    """
    async with services(installation) as here:
        await here.hosts.forget(name, here.actor)
    say(f"The host {name} is forgotten.")
