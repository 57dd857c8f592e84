"""Administrators' accounts and the tokens they have given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import Admin

ACCOUNTS_CHANNEL = "photobooth_accounts"
"""Where it is said that a session, a password or a permission is not what it was."""

_COLUMNS = """
    username, password_hash, permissions, token_version, updated_at, disabled, last_login_at,
    one_time_until, one_time_used
"""


def _admin(row: Row) -> Admin:
    return Admin(**{**dict(row), "permissions": tuple(row["permissions"])})


class AdminRepository:
    """Reads and changes accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, username: str) -> Admin | None:
        """Return one account."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM admin WHERE username = $1",  # noqa: S608
                username,
            )
        return None if row is None else _admin(row)

    async def find_for_token(self, username: str, token_id: str) -> Admin | None:
        """Return one account, unless this token of it has been revoked."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM admin WHERE username = $1"  # noqa: S608
                " AND NOT EXISTS (SELECT FROM revoked_token WHERE jti = $2)",
                username,
                token_id,
            )
        return None if row is None else _admin(row)

    async def list_all(self) -> list[Admin]:
        """Return every account, by name."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM admin ORDER BY username"  # noqa: S608
            )
        return [_admin(row) for row in rows]

    async def lock(self, connection: asyncpg.Connection, username: str) -> Admin | None:
        """Return one account and keep other writers of it away until the transaction ends."""
        row = await connection.fetchrow(
            f"SELECT {_COLUMNS} FROM admin WHERE username = $1 FOR UPDATE",  # noqa: S608
            username,
        )
        return None if row is None else _admin(row)

    async def lock_all(self, connection: asyncpg.Connection) -> dict[str, Admin]:
        """Return every account by its name, and keep other writers away."""
        rows = await connection.fetch(
            f"SELECT {_COLUMNS} FROM admin ORDER BY username FOR UPDATE"  # noqa: S608
        )
        return {row["username"]: _admin(row) for row in rows}

    async def insert(
        self,
        connection: asyncpg.Connection,
        username: str,
        permissions: Sequence[str],
        updated_at: datetime,
    ) -> bool:
        """Add an account without a password; False if there is one of this name."""
        added = await connection.fetchval(
            "INSERT INTO admin (username, permissions, updated_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (username) DO NOTHING RETURNING username",
            username,
            list(permissions),
            updated_at,
        )
        return added is not None

    async def save_one_time_password(
        self,
        connection: asyncpg.Connection,
        username: str,
        password_hash: str,
        until: datetime,
        updated_at: datetime,
    ) -> None:
        """Replace the password's hash by one for a single login; every token so far is void."""
        await self.save_password(connection, username, password_hash, updated_at)
        await connection.execute(
            "UPDATE admin SET one_time_until = $2 WHERE username = $1", username, until
        )

    async def note_login(
        self, connection: asyncpg.Connection, username: str, password_hash: str, at: datetime
    ) -> bool:
        """Note a login; False if the account has been closed to this password meanwhile."""
        noted = await connection.fetchval(
            """
            UPDATE admin
               SET last_login_at = $3, one_time_used = one_time_until IS NOT NULL
             WHERE username = $1 AND password_hash = $2 AND NOT disabled
               AND (one_time_until IS NULL OR ($3 < one_time_until AND NOT one_time_used))
            RETURNING username
            """,
            username,
            password_hash,
            at,
        )
        return noted is not None

    async def save_disabled(
        self,
        connection: asyncpg.Connection,
        username: str,
        disabled: bool,
        updated_at: datetime,
    ) -> None:
        """Switch an account off or on."""
        await connection.execute(
            "UPDATE admin SET disabled = $2, updated_at = $3 WHERE username = $1",
            username,
            disabled,
            updated_at,
        )

    async def save_password(
        self,
        connection: asyncpg.Connection,
        username: str,
        password_hash: str,
        updated_at: datetime,
    ) -> None:
        """Replace the password's hash; every token issued so far is void."""
        await connection.execute(
            """
            UPDATE admin
               SET password_hash = $2, token_version = token_version + 1, updated_at = $3,
                   one_time_until = NULL, one_time_used = false
             WHERE username = $1
            """,
            username,
            password_hash,
            updated_at,
        )

    async def save_permissions(
        self,
        connection: asyncpg.Connection,
        username: str,
        permissions: Sequence[str],
        updated_at: datetime,
    ) -> None:
        """Replace the permissions."""
        await connection.execute(
            "UPDATE admin SET permissions = $2, updated_at = $3 WHERE username = $1",
            username,
            list(permissions),
            updated_at,
        )

    async def announce(self, connection: asyncpg.Connection) -> None:
        """Have every process look again, at commit, whose sessions still count."""
        await connection.execute("SELECT pg_notify($1, '')", ACCOUNTS_CHANNEL)

    async def end_all_sessions(self, connection: asyncpg.Connection) -> None:
        """Make every token of every account void."""
        await connection.execute("UPDATE admin SET token_version = token_version + 1")

    async def revoke_token(
        self, connection: asyncpg.Connection, token_id: str, username: str, expires_at: datetime
    ) -> None:
        """Remember that a token was given back, as long as it would have lived."""
        await connection.execute(
            "INSERT INTO revoked_token (jti, username, expires_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (jti) DO NOTHING",
            token_id,
            username,
            expires_at,
        )
