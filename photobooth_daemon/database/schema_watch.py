"""Looks at the database's schema when the daemon starts, or once the database is there."""

from __future__ import annotations

import asyncio
import logging

from photobooth_daemon.database import migrations
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import DatabaseUnavailable, SchemaMismatch

RETRY_SECONDS = 1.0
SETUP_SECONDS = 30.0
"""How long a database that has just come may be without its tables: it is being set up."""

log = logging.getLogger(__name__)


async def is_ours(database: Database) -> bool:
    """Return whether the schema is this program's; False where the database is away.

    Raises:
        SchemaMismatch: it is another one's.
    """
    try:
        await migrations.check(database)
    except DatabaseUnavailable as error:
        log.warning("the database is away", extra={"detail": error.detail})
        return False
    return True


async def wait_until_ours(database: Database, *, setup_seconds: float = SETUP_SECONDS) -> None:
    """Return when the database is there and has this program's schema.

    Raises:
        SchemaMismatch: it is there and still has another one after ``setup_seconds``.
    """
    loop = asyncio.get_running_loop()
    patience_ends_at: float | None = None
    while True:
        try:
            await migrations.check(database)
        except DatabaseUnavailable:
            patience_ends_at = None
        except SchemaMismatch:
            patience_ends_at = patience_ends_at or loop.time() + setup_seconds
            if loop.time() >= patience_ends_at:
                raise
        else:
            log.info("the database is there")
            return
        await asyncio.sleep(RETRY_SECONDS)
