"""``photoboothctl settings``: what holds for all slots, and the ingest password."""

from __future__ import annotations

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.assignments import new_password, read_assignments, read_password
from photobooth_daemon.cli.overrides import override_option, with_reason
from photobooth_daemon.cli.printing import print_fields, print_json, say
from photobooth_daemon.cli.services import services
from photobooth_daemon.model.versions import ExpectedVersion


@click.group()
def settings() -> None:
    """Read and change what holds for all slots."""


@settings.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def show(installation: Installation, as_json: bool) -> None:
    """Print the settings in force; never a secret."""
    async with services(installation) as here:
        shown = here.administration.settings.view(await here.administration.settings.get())
    (print_json if as_json else print_fields)(shown)


@settings.command(name="set")
@click.argument("assignments", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--version", type=int, help="Only if this is still the version.")
@override_option
@click.pass_obj
@run_async
async def set_values(
    installation: Installation,
    assignments: tuple[str, ...],
    version: int | None,
    override: str | None,
) -> None:
    """Change settings, for the very next photo: photoboothctl settings set slot_queue=40."""
    changes = read_assignments(assignments)
    if "ingest_password" in changes:
        raise click.UsageError("use `photoboothctl settings rotate-ingest-password`")
    async with services(installation) as here:
        state = await here.administration.settings.update(
            changes, expected(version), with_reason(here.actor, override)
        )
    say(f"Version {state.version} is in force.")


@settings.command(name="rotate-ingest-password")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password's line from stdin.")
@click.option("--generate", is_flag=True, help="Make one, and print it once.")
@override_option
@click.pass_obj
@run_async
async def rotate_ingest_password(
    installation: Installation, from_stdin: bool, generate: bool, override: str | None
) -> None:
    """Replace the password that cameras send; the old one is wrong from the next photo on."""
    if generate:
        password = new_password()
    else:
        password = read_password("New ingest password", from_stdin=from_stdin)
    async with services(installation) as here:
        await here.administration.settings.update(
            {"ingest_password": password},
            ExpectedVersion.any(),
            with_reason(here.actor, override),
        )
    say(password if generate else "The new ingest password is in force.")


def expected(version: int | None) -> ExpectedVersion:
    """Return what ``--version`` says."""
    return ExpectedVersion.any() if version is None else ExpectedVersion.exactly(version)
