"""Gives the audit log to a role that nobody logs in as, so that the daemon's may only add to it.

The daemon's role goes on owning the other tables and migrating them. It reaches the log's
owner by one function that a superuser has made, which only ever gives away: the tables come
back to the daemon's role, for a migration or a restore, by the superuser's hand alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from photobooth_daemon.database.migrations import list_migrations
from photobooth_daemon.database.quoting import quote_identifier, quote_literal

SCHEMA = "photobooth_setup"
"""Where the function is: not in ``public``, which a restore empties and a dump holds."""
LOCK_TIMEOUT = "10s"
TABLES = ("audit_log", "audit_head")
TRIGGER_FUNCTION = "audit_log_is_append_only()"


@dataclass(frozen=True, slots=True)
class Ownership:
    """How a database stands, as the daemon's role sees it.

    ``kept``: the log is another role's. ``ready``: the function is there that gives it away.
    ``by_superuser``: the daemon's role may do everything anyhow. ``current``: no migration waits.
    """

    kept: bool
    ready: bool
    by_superuser: bool
    current: bool


async def look(connection: asyncpg.Connection) -> Ownership:
    """Return how the database stands."""
    row = await connection.fetchrow(
        f"""
        SELECT (SELECT tableowner <> current_user FROM pg_tables
                 WHERE schemaname = 'public' AND tablename = 'audit_log') AS kept,
               to_regprocedure('{SCHEMA}.keep_audit_log()') IS NOT NULL
               AND (SELECT pg_get_userbyid(datdba) <> current_user FROM pg_database
                     WHERE datname = current_database()) AS ready,
               (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS by_superuser,
               to_regclass('public.schema_migration') IS NOT NULL AS migrated
        """  # noqa: S608 - a constant's name
    )
    applied = (
        await connection.fetch("SELECT number FROM public.schema_migration")
        if row["migrated"]
        else []
    )
    return Ownership(
        kept=bool(row["kept"]),
        ready=row["ready"],
        by_superuser=row["by_superuser"],
        current={m.number for m in list_migrations()} <= {row["number"] for row in applied},
    )


def owner_of(role: str) -> str:
    """Return the name of the role that owns the log of the daemon's role."""
    return f"{role}-owner"


def statements(role: str, database: str) -> list[str]:
    """Return the SQL by which a superuser, in the database, lets the log have its owner."""
    owner, daemon = quote_identifier(owner_of(role)), quote_identifier(role)
    moves = "\n".join(
        f"        ALTER TABLE public.{table} OWNER TO {owner};\n"
        f"        REVOKE ALL ON public.{table} FROM PUBLIC, {daemon};"
        for table in TABLES
    )
    return [
        f"DO $$ BEGIN CREATE ROLE {owner} NOLOGIN;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        # Whoever owns the database may drop what is in it, whosever it is.
        f"ALTER DATABASE {quote_identifier(database)} OWNER TO {owner}",
        f"GRANT CREATE, USAGE ON SCHEMA public TO {daemon}",
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {daemon}",
        f"""CREATE OR REPLACE FUNCTION {SCHEMA}.keep_audit_log() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename = 'audit_log'
                  AND tableowner = {quote_literal(role)}) THEN
{moves}
        ALTER FUNCTION public.{TRIGGER_FUNCTION} OWNER TO {owner};
        GRANT SELECT, INSERT ON public.audit_log TO {daemon};
        GRANT SELECT, UPDATE ON public.audit_head TO {daemon};
        RETURN true;
    END IF;
    RETURN false;
END $$""",
        f"REVOKE ALL ON FUNCTION {SCHEMA}.keep_audit_log() FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {SCHEMA}.keep_audit_log() TO {daemon}",
    ]


def hand_back_statements(role: str) -> list[str]:
    """Return the SQL by which a superuser gives the log back, to be migrated or restored."""
    daemon = quote_identifier(role)
    return [
        *(f"ALTER TABLE public.{table} OWNER TO {daemon}" for table in TABLES),
        f"ALTER FUNCTION public.{TRIGGER_FUNCTION} OWNER TO {daemon}",
    ]


async def keep(connection: asyncpg.Connection) -> bool:
    """Give the log to its owner, as the daemon's role, and return whether that had to be done.

    Where no superuser has prepared it, nothing happens.
    """
    state = await look(connection)
    if not state.ready or state.kept:
        return False
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        moved: bool = await connection.fetchval(f"SELECT {SCHEMA}.keep_audit_log()")
    return moved
