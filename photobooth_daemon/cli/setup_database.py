"""``photoboothctl setup-database``: role, database and schema, for a new installation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation, service_account
from photobooth_daemon.cli.printing import say
from photobooth_daemon.config import start_up
from photobooth_daemon.errors import DatabaseUnavailable, SchemaMismatch

if TYPE_CHECKING:
    from photobooth_daemon.database.pool import Database
    from photobooth_daemon.database.setup import Target


@click.command("setup-database")
@click.option(
    "--snapshot",
    is_flag=True,
    help="Copy a database that has data before its schema changes.",
)
@click.option(
    "--print-roles",
    is_flag=True,
    help="Only print the SQL by which a superuser lets the audit log have an owner of its own.",
)
@click.pass_obj
@run_async
async def setup_database(installation: Installation, snapshot: bool, print_roles: bool) -> None:
    """Make the role, the database and its tables where they are missing; safe to repeat.

    Run it with sudo where PostgreSQL is on this machine. For a database elsewhere it says what to
    run there, and brings the schema up to date once it can connect.
    """
    import asyncpg

    from photobooth_daemon.database import audit_owner, setup

    url = installation.read_config().database.url
    if url == start_up.EMBEDDED:
        say("The embedded PostgreSQL sets itself up when the daemon starts.")
        return
    account = service_account(installation.config_path)
    target = setup.read_target(url, account)
    if print_roles:
        for statement in audit_owner.statements(target.role, target.database):
            for line in f"{statement};".splitlines():
                say(line)
        return
    made = []
    if not await setup.lets_in(target, account):
        if not (target.is_local_socket and os.geteuid() == 0):
            raise _by_hand(target)
        made = await setup.create_role_and_database(target)
    if target.is_local_socket and os.geteuid() == 0:
        try:
            made += await setup.prepare_audit_owner(target, account)
        except DatabaseUnavailable as error:
            say(f"the audit log stays with the role {target.role}: {error.detail}")
    try:
        made += await _bring_up_to_date(installation, snapshot=snapshot)
    except asyncpg.InsufficientPrivilegeError as error:
        raise _by_hand(target) from error
    for line in made or ["nothing to do: the database is ready"]:
        say(line)


def _by_hand(target: Target) -> DatabaseUnavailable:
    lines = "".join(f"\n  {statement};" for statement in target.statements)
    how = "Run this command with sudo, or as" if target.is_local_socket else "As"
    return DatabaseUnavailable(
        f"The database {target.database} is not there for the role {target.role}. {how} a"
        f" superuser of PostgreSQL:{lines}"
    )


async def _bring_up_to_date(installation: Installation, *, snapshot: bool) -> list[str]:
    from photobooth_daemon.database import audit_owner, migrations, snapshots

    done = []
    config = installation.config
    async with installation.database(check_schema=False) as database:
        if snapshot and await _has_older_schema(database):
            async with database.connection() as connection:
                server_major = connection.get_server_version().major
            path = await snapshots.take_snapshot(
                config.database.url,
                config.state_dir / "snapshots",
                installation.clock,
                server_major=server_major,
            )
            done.append(f"copied the database to {path}")
        applied = await migrations.migrate(database, installation.clock)
        done += [f"applied {migration.number:04d}_{migration.name}" for migration in applied]
        try:
            async with database.connection() as connection:
                if await audit_owner.keep(connection):
                    done.append("gave the audit log to its owner: the daemon may only add to it")
        except DatabaseUnavailable:
            done.append("the audit log is in use, by a backup perhaps, and has no owner yet: again")
    return done


async def _has_older_schema(database: Database) -> bool:
    """Return whether there is data that a migration is about to change."""
    from photobooth_daemon.database import migrations

    async with database.connection() as connection:
        if await connection.fetchval("SELECT to_regclass('schema_migration')") is None:
            return False
    try:
        await migrations.check(database)
    except SchemaMismatch:
        return True
    return False
