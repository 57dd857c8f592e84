"""The services that commands work with, loaded when a command runs.

Help and completion import every module of this folder that they pass, so that those import at
their top only what costs nothing; what a command works with it imports itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from photobooth_daemon.app.installation import Installation

if TYPE_CHECKING:
    from photobooth_daemon.app.commands import Services


@asynccontextmanager
async def services(installation: Installation) -> AsyncIterator[Services]:
    """Open the database and build the services on it.

    Raises:
        ConfigError: a key file cannot be used.
        DatabaseUnavailable, SchemaMismatch: as the names say.
    """
    from photobooth_daemon.app import commands

    async with commands.services(installation) as here:
        yield here
