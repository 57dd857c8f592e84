"""``photoboothctl rotate-signing-key``: a new key for the administrators' tokens."""

from __future__ import annotations

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import say
from photobooth_daemon.cli.services import services
from photobooth_daemon.config.start_up import CREDENTIALS_DIR, RUNNING_CREDENTIALS_DIR


@click.command("rotate-signing-key")
@click.pass_obj
@run_async
async def rotate_signing_key(installation: Installation) -> None:
    """Replace the key that signs administrators' tokens; every session ends.

    For a key that others may have seen. The daemon has to be restarted after it, on every
    machine that shares the database. The audit log has another key, and stays as it is.
    """
    from photobooth_daemon.administration.key_rotation import KeyRotation
    from photobooth_daemon.repositories.admins import AdminRepository

    key_file = installation.config.server.jwt_key_file
    async with services(installation) as here:
        database = here.foundation.database
        rotation = KeyRotation(
            key_file,
            (CREDENTIALS_DIR, RUNNING_CREDENTIALS_DIR),
            database,
            AdminRepository(database),
            here.administration.audit,
        )
        await rotation.rotate(here.actor)
    say(f"{key_file} has a new key, and every session has ended: log in again.")
    say("Until it is restarted the daemon signs with the old one:")
    say("  sudo systemctl restart photobooth-daemon")
    say("Machines that share the database: copy the file to each, and restart it there, too.")
