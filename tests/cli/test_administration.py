"""The commands for accounts, settings, jobs, the audit log and statistics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import bcrypt
import pytest

from photobooth_daemon.administration.permissions import PERMISSIONS
from photobooth_daemon.administration.throttle import LOGIN_OF_USER, user_key
from photobooth_daemon.database.pool import Database
from tests.support.commands import Commands
from tests.support.history import add_job

EXIT_USAGE, EXIT_UNAVAILABLE, EXIT_NOT_FOUND, EXIT_CONFLICT = 2, 3, 4, 5


@pytest.fixture
def on_database(database_url: str) -> Callable[..., Any]:
    """Runs a coroutine function with a connection pool, between commands."""

    def run(work: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
        async def opened() -> Any:
            database = await Database.open(database_url, max_size=2)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(opened())

    return run


def rows(database_url: str, sql: str) -> list[Any]:
    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(database_url)
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()

    return asyncio.run(fetch())


# admin


def test_admin_list_and_passwd(commands: Commands, database_url: str) -> None:
    assert [line.split()[:2] for line in commands.good("admin", "list").splitlines()[1:]] == [
        ["igor", "none"],
        ["serg", "none"],
    ]
    commands.good("admin", "passwd", "serg", "--stdin", stdin="новый пароль\n")
    igor, serg = commands.json("admin", "list")
    assert (serg["password_set"], igor["password_set"]) == (True, False)
    assert sorted(serg["permissions"]) == sorted(PERMISSIONS)
    (row,) = rows(database_url, "SELECT * FROM admin WHERE username = 'serg'")
    assert bcrypt.checkpw("новый пароль".encode(), row["password_hash"].encode())
    assert row["token_version"] == 2
    (entry,) = rows(database_url, "SELECT * FROM audit_log")
    assert (entry["actor"], entry["action"]) == ("cli:operator", "admin.password")


def test_admin_passwd_asks_twice_and_shows_nothing(commands: Commands) -> None:
    output = commands.good("admin", "passwd", "serg", stdin="s3cret-word\ns3cret-word\n")
    assert "s3cret" not in output
    # Asked again until both are the same: a runner of click 8.1 never comes to the input's end.
    typed = "s3cret-word\nanother-word\nthird-s3cret\nthird-s3cret\n"
    output = commands.good("admin", "passwd", "serg", stdin=typed)
    assert "match" in output
    assert "s3cret" not in output


def test_admin_passwd_refuses(commands: Commands) -> None:
    short = commands.run("admin", "passwd", "serg", "--stdin", stdin="short\n")
    assert short.exit_code == EXIT_USAGE
    assert "8 to 72 bytes" in short.output
    for guessed in ("12345678", "password"):
        for command in (("admin", "passwd", "serg"), ("settings", "rotate-ingest-password")):
            refused = commands.run(*command, "--stdin", stdin=f"{guessed}\n")
            assert refused.exit_code == EXIT_USAGE
            assert "tries first" in refused.output
    nobody = commands.run("admin", "passwd", "nobody", "--stdin", stdin="a new password\n")
    assert nobody.exit_code == EXIT_NOT_FOUND
    assert "nobody" in nobody.output


def test_admin_grant_and_revoke(commands: Commands) -> None:
    commands.good("admin", "revoke", "serg", "all")
    commands.good("admin", "grant", "serg", "jobs:read", "slots:read")
    assert commands.json("admin", "list")[1]["permissions"] == ["slots:read", "jobs:read"]
    unknown = commands.run("admin", "grant", "serg", "jobs:delete")
    assert unknown.exit_code == EXIT_USAGE
    assert "jobs:delete" in unknown.output


def test_admin_unlock(commands: Commands, database_url: str) -> None:
    key = user_key("serg", "192.0.2.7")
    rows(
        database_url,
        "INSERT INTO attempt_counter VALUES"
        f" ('{LOGIN_OF_USER.scope}', '{key}', 10, now() + interval '1 hour')",
    )
    assert "1 addresses" in commands.good("admin", "unlock", "serg")
    assert rows(database_url, "SELECT * FROM attempt_counter") == []
    assert commands.run("admin", "unlock", "nobody").exit_code == EXIT_NOT_FOUND


# settings


def test_settings_show_and_set(commands: Commands) -> None:
    assert commands.json("settings", "show")["slot_queue"] == 30
    assert "Version 2" in commands.good("settings", "set", "slot_queue=40", "locale=en")
    shown = commands.json("settings", "show")
    assert (shown["slot_queue"], shown["locale"], shown["updated_by"]) == (40, "en", "cli:operator")
    assert "slot_queue" in commands.good("settings", "show")
    wrong = commands.run("settings", "set", "slot_queue=999", "colour=red")
    assert wrong.exit_code == EXIT_USAGE
    assert "/slot_queue" in wrong.output
    assert "/colour" in wrong.output
    stale = commands.run("settings", "set", "slot_queue=41", "--version", "1")
    assert stale.exit_code == EXIT_CONFLICT


def test_settings_rotate_ingest_password(commands: Commands, database_url: str) -> None:
    command = ("settings", "rotate-ingest-password")
    output = commands.good(*command, "--stdin", stdin="booth-password\n")
    assert "booth-password" not in output
    made = commands.good(*command, "--generate").strip()
    (row,) = rows(database_url, "SELECT ingest_password_hash FROM setting")
    assert bcrypt.checkpw(made.encode(), row["ingest_password_hash"].encode())
    assert commands.json("settings", "show")["ingest_password"]["set"] is True
    on_the_line = commands.run("settings", "set", "ingest_password=booth-password")
    assert on_the_line.exit_code == EXIT_USAGE


# job, stats


def test_job_list_and_show(commands: Commands, on_database: Any) -> None:
    now = datetime.now(UTC)

    async def fill(database: Database) -> list[str]:
        return [
            str(await add_job(database, now - timedelta(minutes=n), slot=f"slot-00{n}", status=s))
            for n, s in enumerate(("done", "failed", "timeout"), start=1)
        ]

    job_ids = on_database(fill)
    assert [job["job_id"] for job in commands.json("job", "list")] == job_ids
    failed = commands.json("job", "list", "--status", "failed", "--slot", "slot-002")
    assert [job["job_id"] for job in failed] == [job_ids[1]]
    since = (now - timedelta(minutes=2, seconds=30)).strftime("%Y-%m-%dT%H:%M:%S")
    assert len(commands.json("job", "list", "--since", since)) == 2
    assert len(commands.good("job", "list", "--limit", "2").splitlines()) == 3
    assert commands.json("job", "show", job_ids[0])["timings"]["total_ms"] == 4000
    assert "total_ms" in commands.good("job", "show", job_ids[0])
    assert commands.run("job", "show", str(uuid4())).exit_code == EXIT_NOT_FOUND
    assert commands.run("job", "show", "x").exit_code == EXIT_USAGE


def test_stats(commands: Commands, on_database: Any) -> None:
    now = datetime.now(UTC)

    async def fill(database: Database) -> None:
        await add_job(database, now, total_ms=4000)
        await add_job(database, now, status="timeout", total_ms=48_000)

    on_database(fill)
    lines = [line.split() for line in commands.good("stats", "--window", "1h").splitlines()]
    assert lines[0][0] == "SLOT"
    assert lines[1][:5] == ["slot-001", "1", "1", "0", "50.0%"]
    assert lines[2][0] == "all"
    assert commands.json("stats")["total"]["jobs"]["timeout"] == 1


# audit


def test_audit_list(commands: Commands) -> None:
    commands.good("slot", "set", "slot-001", "display_name=a")
    commands.good("settings", "set", "slot_queue=5")
    entries = commands.json("audit", "list")
    assert [entry["action"] for entry in entries] == ["settings.update", "slot.update"]
    assert len(commands.json("audit", "list", "--entity", "slot-001")) == 1
    assert "cli:operator" in commands.good("audit", "list", "--action", "slot.update")


def test_audit_verify(commands: Commands, database_url: str) -> None:
    for n in range(3):
        commands.good("slot", "set", "slot-001", f"display_name=name {n}")
    good = commands.json("audit", "verify")
    assert (good["entries"], good["faults"]) == (3, [])
    assert "is as it was written" in commands.good("audit", "verify", "--head", good["head"])
    for statement, words in (
        ("UPDATE audit_log SET actor = 'x' WHERE audit_id = 2", "entry 2 was altered"),
        ("DELETE FROM audit_log WHERE audit_id = 2", "entries 2 to 2 are missing"),
        ("DELETE FROM audit_log WHERE audit_id > 1", "entries 2 to 3 were cut off"),
    ):
        rows(database_url, "ALTER TABLE audit_log DISABLE TRIGGER USER")
        rows(database_url, statement)
        result = commands.run("audit", "verify")
        assert result.exit_code == 1
        assert words in result.output
    assert commands.run("audit", "verify", "--head", "x").exit_code == EXIT_USAGE


def test_audit_verify_knows_the_end_that_was_noted_with_the_last_entry(
    commands: Commands, database_url: str, tmp_path: Path
) -> None:
    head = tmp_path / "audit.head"
    (tmp_path / "media").mkdir()
    commands.good("cleanup")
    assert not head.exists()
    assert "holds no end" in commands.good("audit", "verify")
    commands.good("slot", "set", "slot-001", "display_name=one")
    (older,) = rows(database_url, "SELECT digest, seal FROM audit_head")
    head.unlink()
    commands.good("cleanup", "--dry-run")
    assert not head.exists()
    commands.good("cleanup")
    assert head.read_text("ascii").startswith("1:")
    commands.good("slot", "set", "slot-001", "display_name=two")
    noted = head.read_text("ascii")
    assert noted.startswith("2:")
    assert "as it was written" in commands.good("audit", "verify")
    assert commands.json("audit", "verify")["noted"] == 2
    # An end that once was true, with everything after it gone.
    rows(database_url, "ALTER TABLE audit_log DISABLE TRIGGER USER")
    rows(database_url, "DELETE FROM audit_log WHERE audit_id = 2")
    rows(
        database_url,
        f"UPDATE audit_head SET audit_id = 1, digest = '\\x{older['digest'].hex()}',"
        f" seal = '\\x{older['seal'].hex()}'",
    )
    result = commands.run("audit", "verify")
    assert (result.exit_code, "entry 2 was noted" in result.output) == (1, True)
    # Grown past the noted number, it is still another log.
    for name in ("three", "four"):
        commands.good("slot", "set", "slot-001", f"display_name={name}")
    commands.good("cleanup")
    assert head.read_text("ascii") == noted
    result = commands.run("audit", "verify")
    assert (result.exit_code, "entry 2 is not the one" in result.output) == (1, True)


# all of them


def test_without_a_database_every_command_says_so(tmp_path: Path) -> None:
    commands = Commands("postgresql://127.0.0.1:9/none", tmp_path)
    for arguments in (
        ("admin", "list"),
        ("settings", "show"),
        ("slot", "list"),
        ("job", "list"),
        ("stats",),
        ("audit", "verify"),
    ):
        result = commands.run(*arguments)
        assert result.exit_code == EXIT_UNAVAILABLE, arguments
        assert "database" in result.output.lower()
