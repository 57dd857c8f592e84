"""The daemon's role may only add to the audit log, and everything else goes on as before."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner

from photobooth_daemon.cli import main
from photobooth_daemon.clock import Clock
from photobooth_daemon.database import audit_owner, migrations, setup
from photobooth_daemon.database.embedded import ROLE, EmbeddedPostgres
from photobooth_daemon.database.pool import Database
from photobooth_daemon.database.setup import Target, read_target
from tests.support.commands import Commands

ACCOUNT = pwd.getpwuid(os.geteuid()).pw_name
DAEMON = "daemon's own"
TAKES_AWAY = (
    "DELETE FROM audit_log",
    "UPDATE audit_log SET actor = 'x'",
    "TRUNCATE audit_log",
    "ALTER TABLE audit_log DISABLE TRIGGER USER",
    "DROP TABLE audit_log",
    "DELETE FROM audit_head",
    "DROP SCHEMA public CASCADE",
    "DROP SCHEMA photobooth_setup CASCADE",
    "CREATE RULE r AS ON INSERT TO audit_log DO INSTEAD NOTHING",
    "CREATE OR REPLACE FUNCTION audit_log_is_append_only() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    f'SET ROLE "{DAEMON}-owner"',
    f'ALTER DATABASE two_roles OWNER TO "{DAEMON}"',
)


@pytest.fixture
def target(postgres: EmbeddedPostgres) -> Iterator[Target]:
    """A database of yesterday's: everything in it belongs to the daemon's role."""
    postgres.execute(f'CREATE ROLE "{DAEMON}" LOGIN')
    postgres.execute(f'CREATE DATABASE two_roles OWNER "{DAEMON}" TEMPLATE template0')
    url = postgres.url_of("two_roles").replace(f"//{ROLE}@", "//daemon%27s%20own@")
    yield read_target(url, ACCOUNT)
    postgres.execute("DROP DATABASE two_roles WITH (FORCE)")
    postgres.execute(f'DROP ROLE IF EXISTS "{DAEMON}-owner"')
    postgres.execute(f'DROP ROLE "{DAEMON}"')


def by_root(step: Callable[..., Any], target: Target) -> Any:
    return asyncio.run(step(target, ACCOUNT, superuser=ROLE, account=ACCOUNT))


def migrate_and_keep(target: Target) -> bool:
    async def run() -> bool:
        database = await Database.open(target.url, max_size=1)
        try:
            await migrations.migrate(database, Clock())
            async with database.connection() as connection:
                return await audit_owner.keep(connection)
        finally:
            await database.close()

    return asyncio.run(run())


def ask(target: Target, statement: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(target.url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def owners(target: Target) -> set[str]:
    names = (
        "SELECT string_agg(DISTINCT tableowner, ',') FROM pg_tables WHERE tablename LIKE 'audit%'"
    )
    return set(ask(target, names).split(","))


def test_what_yesterday_s_package_made_is_moved_over_once(target: Target) -> None:
    assert migrate_and_keep(target) is False
    assert owners(target) == {DAEMON}
    assert by_root(setup.prepare_audit_owner, target) == [f"made the role {DAEMON}-owner"]
    assert migrate_and_keep(target) is True
    assert owners(target) == {f"{DAEMON}-owner"}
    assert by_root(setup.prepare_audit_owner, target) == []
    assert migrate_and_keep(target) is False


def test_the_daemon_s_role_takes_nothing_away(target: Target) -> None:
    by_root(setup.prepare_audit_owner, target)
    assert migrate_and_keep(target) is True
    for statement in TAKES_AWAY:
        assert is_refused(target, statement), statement


def is_refused(target: Target, statement: str) -> bool:
    try:
        ask(target, statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


def test_what_the_daemon_does_goes_on(target: Target, tmp_path: Path) -> None:
    by_root(setup.prepare_audit_owner, target)
    migrate_and_keep(target)
    commands = Commands(target.url, tmp_path)
    (tmp_path / "media").mkdir()
    commands.good("slot", "set", "slot-001", "display_name=one")
    commands.good("cleanup")
    assert commands.json("audit", "verify")["faults"] == []
    ask(target, "CREATE TABLE of_the_next_version (a integer)")
    ask(target, "ALTER TABLE slot ADD COLUMN of_the_next_version integer")


def test_a_migration_that_waits_gets_the_log_back_and_gives_it_away_again(target: Target) -> None:
    by_root(setup.prepare_audit_owner, target)
    migrate_and_keep(target)
    last = max(migration.number for migration in migrations.list_migrations())
    ask(target, f"DELETE FROM schema_migration WHERE number = {last}")
    assert by_root(setup.prepare_audit_owner, target) == []
    assert owners(target) == {DAEMON}
    ask(target, "ALTER TABLE audit_log ADD COLUMN of_the_next_version integer")
    ask(target, f"INSERT INTO schema_migration VALUES ({last}, '', '', now())")

    async def keep() -> bool:
        connection = await asyncpg.connect(target.url)
        try:
            return await audit_owner.keep(connection)
        finally:
            await connection.close()

    assert asyncio.run(keep()) is True
    assert owners(target) == {f"{DAEMON}-owner"}


def test_a_restore_needs_the_superuser_s_hand_and_ends_as_it_began(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_root(setup.prepare_audit_owner, target)
    migrate_and_keep(target)

    async def nothing(*_: object) -> None:
        """Be somebody who is not root."""

    by_hand = setup.hand_back_audit_log
    monkeypatch.setattr("photobooth_daemon.database.setup.hand_back_audit_log", nothing)
    directory = tmp_path / "backups"
    commands = Commands(target.url, tmp_path, PHOTOBOOTH_BACKUP__DIRECTORY=str(directory))
    (tmp_path / "media").mkdir()
    commands.good("slot", "set", "slot-001", "display_name=one")
    commands.good("backup")
    (backup,) = directory.glob("2*")
    picture = tmp_path / "media" / "results" / "here"
    picture.mkdir(parents=True)
    refused = commands.run("restore", str(backup), "--replace")
    assert refused.exit_code == 1
    assert f"belongs to the role {DAEMON}-owner" in refused.output
    assert picture.is_dir()
    by_root(by_hand, target)
    assert owners(target) == {DAEMON}
    commands.good("restore", str(backup), "--replace")
    assert owners(target) == {f"{DAEMON}-owner"}
    verdict = commands.json("audit", "verify")
    assert (verdict["entries"], verdict["faults"]) == (2, [])


def test_a_restore_that_is_refused_leaves_the_log_with_its_owner(
    target: Target, tmp_path: Path
) -> None:
    by_root(setup.prepare_audit_owner, target)
    migrate_and_keep(target)
    by_root(setup.hand_back_audit_log, target)
    commands = Commands(target.url, tmp_path)
    refused = commands.run("restore", str(tmp_path))
    assert "not a complete backup" in refused.output
    assert owners(target) == {f"{DAEMON}-owner"}
    by_root(setup.hand_back_audit_log, target)
    (tmp_path / "backup.key").write_text("short")
    refused = commands.run("restore", str(tmp_path))
    assert "fewer than 32" in refused.output
    assert owners(target) == {f"{DAEMON}-owner"}


def test_the_sql_for_a_superuser_elsewhere_is_all_that_is_needed(
    target: Target, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    printed = Commands(target.url, tmp_path).good("setup-database", "--print-roles")

    async def run() -> None:
        connection = await asyncpg.connect(postgres.url_of("two_roles"))
        try:
            for _ in range(2):
                await connection.execute(printed)
        finally:
            await connection.close()

    asyncio.run(run())
    assert migrate_and_keep(target) is True
    assert owners(target) == {f"{DAEMON}-owner"}


def test_a_log_in_use_gets_its_owner_next_time(target: Target, tmp_path: Path) -> None:
    by_root(setup.prepare_audit_owner, target)
    migrate_and_keep(target)
    by_root(setup.hand_back_audit_log, target)
    commands = Commands(target.url, tmp_path)

    async def while_somebody_reads() -> str:
        reader = await asyncpg.connect(target.url)
        try:
            async with reader.transaction():
                await reader.execute("LOCK TABLE audit_log IN ACCESS SHARE MODE")
                return await asyncio.to_thread(commands.good, "setup-database")
        finally:
            await reader.close()

    assert "in use" in asyncio.run(while_somebody_reads())
    assert "gave the audit log" in commands.good("setup-database")
    assert commands.good("setup-database") == "nothing to do: the database is ready\n"


def test_migrate_says_who_may_where_it_may_not(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_root(setup.prepare_audit_owner, target)
    migrate_and_keep(target)
    known = migrations.list_migrations()
    new = migrations.Migration(9000, "audit", "ALTER TABLE audit_log ADD COLUMN new integer")
    monkeypatch.setattr(migrations, "list_migrations", lambda: [*known, new])
    result = CliRunner().invoke(
        main, ["--config", "/dev/null", "migrate"], env={"PHOTOBOOTH_DATABASE__URL": target.url}
    )
    assert result.exit_code == 6
    assert "setup-database" in result.output


def test_for_a_superuser_s_own_database_nothing_is_to_be_done(database_url: str) -> None:
    target = read_target(database_url, ACCOUNT)
    assert by_root(setup.prepare_audit_owner, target) == []
    by_root(setup.hand_back_audit_log, target)
