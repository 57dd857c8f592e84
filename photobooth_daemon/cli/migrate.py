"""``photoboothctl migrate``."""

from __future__ import annotations

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import say
from photobooth_daemon.errors import SchemaMismatch


@click.command()
@click.option(
    "--check", "check_only", is_flag=True, help="Only tell whether migrations are missing."
)
@click.pass_obj
@run_async
async def migrate(installation: Installation, check_only: bool) -> None:
    """Bring the database to this program's schema."""
    import asyncpg

    from photobooth_daemon.database import migrations

    async with installation.database(check_schema=check_only) as database:
        if check_only:
            say("The schema is current.")
            return
        try:
            applied = await migrations.migrate(database, installation.clock)
        except asyncpg.InsufficientPrivilegeError as error:
            raise SchemaMismatch(
                "The tables belong to another role. Run: sudo photoboothctl setup-database"
            ) from error
    for migration in applied:
        say(f"applied {migration.number:04d}_{migration.name}")
    if not applied:
        say("Nothing to do: the schema is current.")
