"""Administrators' accounts and the tokens they have given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model import Admin

ACCOUNTS_CHANNEL = "photobooth_accounts"
"""Where it is said that a session, a password or a permission is not what it was."""

_COLUMNS = "username, password_hash, permissions, token_version, updated_at"


def _admin(row: Row) -> Admin:
    return Admin(
        username=row["username"],
        password_hash=row["password_hash"],
        permissions=tuple(row["permissions"]),
        token_version=row["token_version"],
        updated_at=row["updated_at"],
    )


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
               SET password_hash = $2, token_version = token_version + 1, updated_at = $3
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
