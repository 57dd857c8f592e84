"""``photoboothctl provider key``: a vendor's key, kept sealed in the database."""

from __future__ import annotations

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.assignments import read_secret
from photobooth_daemon.cli.printing import say
from photobooth_daemon.cli.services import services


@click.group()
def key() -> None:
    """Enter a provider's key, or forget it."""


@key.command(name="set")
@click.argument("provider")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the key's line from stdin.")
@click.pass_obj
@run_async
async def set_key(installation: Installation, provider: str, from_stdin: bool) -> None:
    """Put a provider's key in force for the next photo; it is asked for, never an argument."""
    from photobooth_daemon.app.commands import provider_keys

    secret = read_secret(f"Key for {provider}", from_stdin=from_stdin)
    async with services(installation) as here:
        await provider_keys(here).set(provider, {"api_key": secret}, here.actor)
    say(f"{provider} has a key.")


@key.command()
@click.argument("provider")
@click.pass_obj
@run_async
async def forget(installation: Installation, provider: str) -> None:
    """Forget a provider's key; photos that ask it fail from then on."""
    from photobooth_daemon.app.commands import provider_keys

    async with services(installation) as here:
        await provider_keys(here).delete(provider, here.actor)
    say(f"{provider} has no key from here.")
