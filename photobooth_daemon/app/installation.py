"""What a command needs of the installation it works on: its configuration and its database."""

from __future__ import annotations

import getpass
import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photobooth_daemon.app.failures import Failure
from photobooth_daemon.clock import Clock
from photobooth_daemon.config import start_up
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.errors import ConfigError, DatabaseUnavailable

if TYPE_CHECKING:
    from photobooth_daemon.database.pool import Database

SERVICE_USER = "photobooth-daemon"

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="PHOTOBOOTH_CONFIG",
    help="The start-up file [default: /etc/photobooth-daemon/photobooth.toml].",
)
"""Every program here takes it."""


class Installation:
    """A configuration file and what it points at; nothing is opened before it is asked for."""

    def __init__(self, config_path: Path | None) -> None:
        self.config_path = config_path
        self.clock = Clock()
        self.actor = f"cli:{os.environ.get('SUDO_USER') or getpass.getuser()}"

    @cached_property
    def config(self) -> Config:
        """Return the start-up configuration; its faults end the command, all listed.

        Root reads it, secrets that are root's own included, and then gives up root.
        """
        config = self.read_config()
        become_service_user(self.config_path)
        return config

    def read_config(self) -> Config:
        """Return the same without giving up root."""
        environment = dict(os.environ)
        if may_become_service_user(self.config_path):
            environment.setdefault("CREDENTIALS_DIRECTORY", str(start_up.CREDENTIALS_DIR))
        try:
            return start_up.load(self.config_path, environment)
        except ConfigError as error:
            raise Failure(error) from error

    @asynccontextmanager
    async def database(self, *, check_schema: bool = True) -> AsyncIterator[Database]:
        """Open the database; by default only one that has this program's schema.

        Raises:
            DatabaseUnavailable, SchemaMismatch: as the names say.
        """
        # Here, because help and completion need no driver of databases.
        from photobooth_daemon.database import migrations
        from photobooth_daemon.database.binaries import EmbeddedPostgresError
        from photobooth_daemon.database.embedded import database_at
        from photobooth_daemon.database.pool import Database

        try:
            with database_at(self.config.database.url, self.config.state_dir) as url:
                database = await Database.open(url, max_size=2, application_name="photoboothctl")
                try:
                    if check_schema:
                        await migrations.check(database)
                    yield database
                finally:
                    await database.close()
        except EmbeddedPostgresError as error:
            raise DatabaseUnavailable(str(error)) from error


def become_service_user(config_path: Path | None) -> None:
    """Give up root on an installed system, so that no file of the service is left owned by root."""
    if not may_become_service_user(config_path):
        return
    user = pwd.getpwnam(SERVICE_USER)
    os.environ.setdefault("SUDO_USER", "root")
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    # sudo leaves root's names there, and PostgreSQL's clients go by them.
    os.environ |= {"USER": user.pw_name, "LOGNAME": user.pw_name, "HOME": user.pw_dir}


def service_account(config_path: Path | None) -> str:
    """Return the account that the daemon connects as."""
    if may_become_service_user(config_path):
        return SERVICE_USER
    return pwd.getpwuid(os.geteuid()).pw_name


def may_become_service_user(config_path: Path | None) -> bool:
    """Return whether this is root, at work on the installed system's own configuration."""
    if os.geteuid() != 0 or config_path not in (None, start_up.DEFAULT_CONFIG_PATH):
        return False
    try:
        pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return False
    return True
