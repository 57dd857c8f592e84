"""``photoboothctl admin``: accounts, passwords, permissions."""

from __future__ import annotations

from typing import Any

import click

from photobooth_daemon.administration.permissions import PERMISSIONS
from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.assignments import read_password
from photobooth_daemon.cli.printing import print_json, print_table, say
from photobooth_daemon.cli.services import services


@click.group()
def admin() -> None:
    """Keep the administrators' accounts."""


@admin.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def list_admins(installation: Installation, as_json: bool) -> None:
    """List the administrators and their permissions."""
    async with services(installation) as here:
        admins = await here.administration.admins.list_all()
    rows: list[dict[str, Any]] = [
        {
            "username": found.username,
            "password_set": found.password_hash is not None,
            "disabled": found.disabled,
            "permissions": list(found.permissions),
            "updated_at": found.updated_at,
        }
        for found in admins
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["NAME", "PASSWORD", "STATE", "PERMISSIONS"],
        [
            [
                row["username"],
                "set" if row["password_set"] else "none",
                "off" if row["disabled"] else "on",
                _words(row["permissions"]),
            ]
            for row in rows
        ],
    )


@admin.command()
@click.argument("username")
@click.argument("permissions", nargs=-1, required=True)
@click.pass_obj
@run_async
async def add(installation: Installation, username: str, permissions: tuple[str, ...]) -> None:
    """Make an account with these permissions ("all" for every one); print its first password.

    The password is good for one login within 24 hours and is shown nowhere else.
    """
    wanted = list(PERMISSIONS if permissions == ("all",) else permissions)
    body = {"username": username, "permissions": wanted}
    async with services(installation) as here:
        made, password = await here.administration.accounts.create(body, here.actor)
    say(f"{username}: {_words(made.permissions)}", err=True)
    say(password)


@admin.command()
@click.argument("username")
@click.pass_obj
@run_async
async def disable(installation: Installation, username: str) -> None:
    """Switch an account off: its sessions end, nobody can log in to it."""
    async with services(installation) as here:
        await here.administration.accounts.update(username, {"disabled": True}, here.actor)
    say(f"{username} is off.")


@admin.command()
@click.argument("username")
@click.pass_obj
@run_async
async def enable(installation: Installation, username: str) -> None:
    """Switch an account on again; its password is the one that it had."""
    async with services(installation) as here:
        await here.administration.accounts.update(username, {"disabled": False}, here.actor)
    say(f"{username} is on.")


@admin.command(name="reset-password")
@click.argument("username")
@click.pass_obj
@run_async
async def reset_password(installation: Installation, username: str) -> None:
    """Give an account a password for one login within 24 hours and print it; its sessions end."""
    async with services(installation) as here:
        _, password = await here.administration.accounts.reset_password(username, here.actor)
    say(f"{username} chooses another at the next login.", err=True)
    say(password)


@admin.command()
@click.argument("username")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password's line from stdin.")
@click.pass_obj
@run_async
async def passwd(installation: Installation, username: str, from_stdin: bool) -> None:
    """Give an administrator a new password; every session of theirs ends."""
    password = read_password(f"New password for {username}", from_stdin=from_stdin)
    async with services(installation) as here:
        await here.administration.admins.set_password(username, password, here.actor)
    say(f"{username} has a new password.")


@admin.command()
@click.argument("username")
@click.argument("permissions", nargs=-1, required=True)
@click.pass_obj
@run_async
async def grant(installation: Installation, username: str, permissions: tuple[str, ...]) -> None:
    """Give permissions ("all" for every one); they are in force at the next call."""
    wanted = PERMISSIONS if permissions == ("all",) else permissions
    async with services(installation) as here:
        found = await here.administration.admins.grant(username, wanted, here.actor)
    say(f"{username}: {_words(found.permissions)}")


@admin.command()
@click.argument("username")
@click.argument("permissions", nargs=-1, required=True)
@click.pass_obj
@run_async
async def revoke(installation: Installation, username: str, permissions: tuple[str, ...]) -> None:
    """Take permissions away ("all" for every one); they are gone at the next call."""
    unwanted = PERMISSIONS if permissions == ("all",) else permissions
    async with services(installation) as here:
        found = await here.administration.admins.revoke(username, unwanted, here.actor)
    say(f"{username}: {_words(found.permissions)}")


@admin.command()
@click.argument("username")
@click.pass_obj
@run_async
async def unlock(installation: Installation, username: str) -> None:
    """Let an administrator log in again after too many wrong passwords."""
    async with services(installation) as here:
        addresses = await here.administration.admins.unlock(username, here.actor)
    say(f"{username} may log in again; failures from {addresses} addresses are forgotten.")


def _words(permissions: tuple[str, ...] | list[str]) -> str:
    return " ".join(permissions) or "none"
