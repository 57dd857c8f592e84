"""Locks that stand for a piece of work, in whichever process of whichever host it is done."""

from __future__ import annotations

from enum import IntEnum, unique

import asyncpg


@unique
class AdvisoryLock(IntEnum):
    """Every one there is: two of one key would keep each other waiting."""

    MIGRATION = 0x70686F746F  # "photo"
    LIVE_MESSAGES = 0x70620001
    """Taken in ``sql/``, which has the key once more."""
    CLEANUP = 0x70620002
    RERUN_CLAIM = 0x70620003
    BACKUP = 0x70620004
    RESERVATION = 0x70620005


async def is_held(connection: asyncpg.Connection, lock: AdvisoryLock) -> bool:
    """Return whether anybody who uses this database has the lock."""
    held: bool = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM pg_locks AS held JOIN pg_database AS own ON own.oid = held.database
             WHERE own.datname = current_database() AND held.locktype = 'advisory'
               AND held.granted AND held.classid::bigint = 0 AND held.objid::bigint = $1)
        """,
        lock,
    )
    return held
