"""Accounts, boards and providers' keys from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import bcrypt
import pytest

from photobooth_daemon.administration.sealed import SealedSecrets
from tests.support.commands import Commands

EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND = 1, 2, 4
KEY = "AIza-key-that-nobody-may-see"


def rows(database_url: str, sql: str) -> list[Any]:
    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(database_url)
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()

    return asyncio.run(fetch())


def account(commands: Commands, username: str) -> Any:
    (found,) = (row for row in commands.json("admin", "list") if row["username"] == username)
    return found


def test_an_account_is_made_with_a_password_for_one_login(
    commands: Commands, database_url: str
) -> None:
    printed = commands.run("admin", "add", "anna", "jobs:read", "slots:read")
    assert printed.exit_code == 0, printed.output
    password = printed.stdout.split()[-1]
    assert account(commands, "anna")["permissions"] == ["slots:read", "jobs:read"]
    (row,) = rows(database_url, "SELECT * FROM admin WHERE username = 'anna'")
    assert bcrypt.checkpw(password.encode(), row["password_hash"].encode())
    (entry,) = rows(database_url, "SELECT * FROM audit_log")
    assert (entry["actor"], entry["action"]) == ("cli:operator", "admin.create")
    assert password not in str(dict(entry))


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (("anna", "jobs:delete"), EXIT_USAGE, "/permissions/0"),
        (("Anna", "jobs:read"), EXIT_USAGE, "/username"),
        (("camera", "jobs:read"), EXIT_USAGE, "reserved"),
        (("serg", "jobs:read"), EXIT_FAILED, "name"),
    ],
)
def test_an_account_that_cannot_be(
    commands: Commands, arguments: tuple[str, ...], exit_code: int, told: str
) -> None:
    refused = commands.run("admin", "add", *arguments)
    assert refused.exit_code == exit_code, refused.output
    assert told in refused.output


def test_an_account_is_switched_off_and_on(commands: Commands) -> None:
    commands.good("admin", "passwd", "serg", "--stdin", stdin="a password of serg\n")
    commands.good("admin", "add", "anna", "jobs:read")
    commands.good("admin", "disable", "anna")
    assert account(commands, "anna")["disabled"] is True
    assert "off" in commands.good("admin", "list")
    commands.good("admin", "enable", "anna")
    assert account(commands, "anna")["disabled"] is False
    last = commands.run("admin", "disable", "serg")
    assert last.exit_code == EXIT_FAILED
    assert account(commands, "serg")["disabled"] is False
    assert commands.run("admin", "disable", "nobody").exit_code == EXIT_NOT_FOUND


def test_a_password_is_reset(commands: Commands, database_url: str) -> None:
    commands.good("admin", "passwd", "serg", "--stdin", stdin="a password of serg\n")
    printed = commands.run("admin", "reset-password", "serg")
    assert printed.exit_code == 0, printed.output
    password = printed.stdout.split()[-1]
    (row,) = rows(database_url, "SELECT * FROM admin WHERE username = 'serg'")
    assert bcrypt.checkpw(password.encode(), row["password_hash"].encode())
    assert commands.run("admin", "reset-password", "nobody").exit_code == EXIT_NOT_FOUND


def test_a_board_is_made_listed_and_taken_back(commands: Commands, database_url: str) -> None:
    made = json.loads(commands.good("board", "add", "hall", "slot-002", "slot-001", "--json"))
    link = made["link"]
    assert link.startswith("http://127.0.0.1:8080/board/")
    (listed,) = commands.json("board", "list")
    assert listed == {key: value for key, value in made.items() if key != "link"}
    assert (listed["slots"], listed["created_by"]) == (["slot-001", "slot-002"], "cli:operator")
    assert link.rpartition("/")[2] not in commands.good("board", "list")
    commands.good("board", "remove", listed["board_id"])
    assert commands.json("board", "list") == []
    assert commands.run("board", "remove", listed["board_id"]).exit_code == EXIT_NOT_FOUND
    assert commands.run("board", "add", "hall", "slot-099").exit_code == EXIT_USAGE
    actions = rows(database_url, "SELECT action FROM audit_log ORDER BY audit_id")
    assert [row["action"] for row in actions] == ["board.create", "board.delete"]


def test_a_providers_key_is_sealed_and_forgotten(
    commands: Commands, database_url: str, tmp_path: Path
) -> None:
    said = commands.good("provider", "key", "set", "gemini", "--stdin", stdin=f"{KEY}\n")
    assert KEY not in said
    (row,) = rows(database_url, "SELECT * FROM provider_key")
    assert KEY.encode() not in bytes(row["sealed_key"])
    secrets = SealedSecrets.of_file(tmp_path / "secrets.key")
    assert secrets.open("gemini", bytes(row["sealed_key"])) == KEY
    commands.good("provider", "key", "forget", "gemini")
    assert rows(database_url, "SELECT * FROM provider_key") == []
    for entry in rows(database_url, "SELECT * FROM audit_log"):
        assert KEY not in str(dict(entry))


def test_a_key_is_no_argument_and_not_anybodys(commands: Commands, database_url: str) -> None:
    assert commands.run("provider", "key", "set", "gemini", KEY).exit_code == EXIT_USAGE
    for provider in ("local", "nobody"):
        refused = commands.run("provider", "key", "set", provider, "--stdin", stdin=f"{KEY}\n")
        assert refused.exit_code == EXIT_NOT_FOUND
    short = commands.run("provider", "key", "set", "gemini", "--stdin", stdin="short\n")
    assert short.exit_code == EXIT_USAGE
    commands.environment["PHOTOBOOTH_PROVIDERS__GEMINI__API_KEY"] = "AIza-from-the-environment"
    elsewhere = commands.run("provider", "key", "set", "gemini", "--stdin", stdin=f"{KEY}\n")
    assert elsewhere.exit_code == EXIT_FAILED
    assert rows(database_url, "SELECT * FROM provider_key") == []
