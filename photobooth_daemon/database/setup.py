"""Makes the role and the database in a PostgreSQL on this machine.

The system's account and the database's role have one name, so PostgreSQL
knows the daemon by the account it runs as (peer authentication) and there is
no password to keep. Root gets in as the superuser ``postgres`` the same way:
the kernel tells the server who connects.
"""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from photobooth_daemon.database import audit_owner
from photobooth_daemon.database.quoting import quote_identifier
from photobooth_daemon.errors import DatabaseUnavailable

SUPERUSER = "postgres"
CONNECT_SECONDS = 10.0
NOT_ANSWERING = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
)


@dataclass(frozen=True, slots=True)
class Target:
    """What has to exist: a database and the role that owns it."""

    url: str
    database: str
    role: str
    is_local_socket: bool

    @property
    def statements(self) -> tuple[str, str]:
        """Return the SQL that makes both, as a superuser would type it."""
        role, database = quote_identifier(self.role), quote_identifier(self.database)
        return (
            f"CREATE ROLE {role} LOGIN",
            f"CREATE DATABASE {database} OWNER {role} ENCODING 'UTF8' TEMPLATE template0",
        )


def read_target(url: str, account: str) -> Target:
    """Return what ``url`` needs; the role is the URL's user, else the account that connects."""
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    role = query.get("user") or unquote(parts.username or "") or account
    host = query.get("host") or unquote(parts.hostname or "") or os.environ.get("PGHOST", "/")
    database = query.get("dbname") or unquote(parts.path.lstrip("/")) or role
    return Target(url, database, role, is_local_socket=host.startswith("/"))


async def lets_in(target: Target, account: str) -> bool:
    """Return whether the role may use the database, connecting as the system's ``account``.

    Raises:
        DatabaseUnavailable: PostgreSQL does not answer.
    """
    try:
        with _effective_account(account):
            # By name: asyncpg would go by USER, in which sudo leaves root's.
            connection = await asyncpg.connect(
                target.url, user=target.role, timeout=CONNECT_SECONDS
            )
    except NOT_ANSWERING as error:
        raise DatabaseUnavailable(
            "PostgreSQL does not answer. On this machine: apt install postgresql;"
            " elsewhere: [database] url in photobooth.toml."
        ) from error
    except (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError):
        return False
    await connection.close()
    return True


async def create_role_and_database(
    target: Target, *, superuser: str = SUPERUSER, account: str = SUPERUSER
) -> list[str]:
    """Make what is missing, and return a line for each thing made; a second run makes nothing.

    ``superuser`` is the role that may make them, ``account`` the system's account that
    PostgreSQL knows it by.

    Raises:
        DatabaseUnavailable: no local PostgreSQL answers, or it does not let its
            superuser in by the account's name.
    """
    connection = await _connect_as_superuser(target, superuser, account)
    try:
        made = []
        create_role, create_database = target.statements
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", target.role):
            await connection.execute(create_role)
            made.append(f"created the role {target.role}")
        if not await connection.fetchval(
            "SELECT 1 FROM pg_database WHERE datname = $1", target.database
        ):
            await connection.execute(create_database)
            made.append(f"created the database {target.database}")
        return made
    except (asyncpg.DuplicateObjectError, asyncpg.DuplicateDatabaseError):
        # Somebody else is setting up the same database this moment: theirs is as good.
        return []
    finally:
        await connection.close()


async def prepare_audit_owner(
    target: Target, daemon: str, *, superuser: str = SUPERUSER, account: str = SUPERUSER
) -> list[str]:
    """Let the audit log have an owner of its own, and return a line for each thing done.

    What waits to be migrated is given back to the daemon's role first, whose account is
    ``daemon``. Where nothing is to be done, the superuser is not asked for.

    Raises:
        DatabaseUnavailable: as for :func:`create_role_and_database`.
    """
    state = await _look(target, daemon)
    if state.by_superuser or (state.ready and (state.current or not state.kept)):
        return []
    connection = await _connect_as_superuser(target, superuser, account, target.database)
    made = []
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{audit_owner.LOCK_TIMEOUT}'")
            if not state.ready:
                for statement in audit_owner.statements(target.role, target.database):
                    await connection.execute(statement)
                made.append(f"made the role {audit_owner.owner_of(target.role)}")
            if state.kept and not state.current:
                await _hand_back(connection, target)
    finally:
        await connection.close()
    return made


async def hand_back_audit_log(
    target: Target, daemon: str, *, superuser: str = SUPERUSER, account: str = SUPERUSER
) -> None:
    """Give the audit log back to the daemon's role, until it is given away again.

    Raises:
        DatabaseUnavailable: as for :func:`create_role_and_database`.
    """
    if not (await _look(target, daemon)).kept:
        return
    connection = await _connect_as_superuser(target, superuser, account, target.database)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{audit_owner.LOCK_TIMEOUT}'")
            await _hand_back(connection, target)
    finally:
        await connection.close()


async def _hand_back(connection: asyncpg.Connection, target: Target) -> None:
    for statement in audit_owner.hand_back_statements(target.role):
        await connection.execute(statement)


async def _look(target: Target, account: str) -> audit_owner.Ownership:
    with _effective_account(account):
        connection = await asyncpg.connect(target.url, user=target.role, timeout=CONNECT_SECONDS)
    try:
        return await audit_owner.look(connection)
    finally:
        await connection.close()


async def _connect_as_superuser(
    target: Target, superuser: str, account: str, database: str = "postgres"
) -> asyncpg.Connection:
    try:
        with _effective_account(account):
            return await asyncpg.connect(
                target.url, user=superuser, database=database, timeout=CONNECT_SECONDS
            )
    except NOT_ANSWERING as error:
        raise DatabaseUnavailable("The local PostgreSQL does not answer.") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise DatabaseUnavailable(
            f"The local PostgreSQL does not let {superuser} in by peer authentication."
        ) from error


@contextmanager
def _effective_account(name: str) -> Iterator[None]:
    """Be another account while the block runs, where root asks; others stay who they are.

    Raises:
        DatabaseUnavailable: there is no such account, so no PostgreSQL that knows it.
    """
    if os.geteuid() != 0:
        yield
        return
    try:
        user = pwd.getpwnam(name)
    except KeyError as error:
        raise DatabaseUnavailable(f"There is no account {name} on this machine.") from error
    home = os.environ.get("HOME")
    # sudo leaves root's there, where asyncpg would look for certificates and be refused.
    os.environ["HOME"] = user.pw_dir
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.environ.pop("HOME")
        if home is not None:
            os.environ["HOME"] = home
