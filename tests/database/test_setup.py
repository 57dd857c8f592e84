"""Role and database: read from the URL, made once, harmless afterwards."""

from __future__ import annotations

import asyncio
import os
import pwd
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from photobooth_daemon.cli import main
from photobooth_daemon.cli.setup_database import _by_hand
from photobooth_daemon.clock import Clock
from photobooth_daemon.database import snapshots
from photobooth_daemon.database.embedded import ROLE, EmbeddedPostgres
from photobooth_daemon.database.pool import Database
from photobooth_daemon.database.setup import Target, create_role_and_database, lets_in, read_target
from photobooth_daemon.errors import DatabaseUnavailable, ToolFailed

ACCOUNT = pwd.getpwuid(os.geteuid()).pw_name


@pytest.mark.parametrize(
    ("url", "database", "role", "is_local_socket"),
    [
        (
            "postgresql:///photobooth?host=/var/run/postgresql",
            "photobooth",
            "photobooth-daemon",
            True,
        ),
        ("postgresql:///photobooth", "photobooth", "photobooth-daemon", True),
        ("postgresql://booth:secret@db.lan:5433/pictures", "pictures", "booth", False),
        ("postgresql://booth@localhost", "booth", "booth", False),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/x?user=y", "x", "y", True),
    ],
)
def test_the_url_says_what_has_to_exist(
    url: str, database: str, role: str, is_local_socket: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGHOST", raising=False)
    assert read_target(url, "photobooth-daemon") == Target(url, database, role, is_local_socket)


def test_role_and_database_are_made_once(postgres: EmbeddedPostgres) -> None:
    target = Target(postgres.url_of("unused"), 'Booth "1"', "photobooth-daemon", True)

    async def run() -> list[str]:
        return await create_role_and_database(target, superuser=ROLE, account=ACCOUNT)

    assert asyncio.run(run()) == [
        "created the role photobooth-daemon",
        'created the database Booth "1"',
    ]
    assert asyncio.run(run()) == []
    owner = (
        "SELECT pg_get_userbyid(datdba) || ' ' || pg_encoding_to_char(encoding)"
        " FROM pg_database WHERE datname = $1"
    )

    async def ask() -> str:
        connection = await asyncpg.connect(postgres.url_of("postgres"))
        try:
            return str(await connection.fetchval(owner, target.database))
        finally:
            await connection.close()

    assert asyncio.run(ask()) == "photobooth-daemon UTF8"


def test_no_server_is_named_with_its_cure(tmp_path: Path) -> None:
    target = Target(f"postgresql:///x?host={tmp_path}", "x", "x", True)
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        asyncio.run(create_role_and_database(target, account=ACCOUNT))


def test_the_command_migrates_and_can_be_repeated(empty_database_url: str, tmp_path: Path) -> None:
    first = _run(empty_database_url, tmp_path)
    assert first.exit_code == 0, first.output
    assert "applied 0001_initial" in first.output
    second = _run(empty_database_url, tmp_path)
    assert second.exit_code == 0, second.output
    assert second.output == "nothing to do: the database is ready\n"
    assert not (tmp_path / "snapshots").exists(), "nothing was migrated, so nothing is copied"


def test_a_database_that_is_not_there_is_told_how_to_be_made(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    result = _run(f"postgresql:///x?host={tmp_path}", tmp_path)
    assert result.exit_code == 3
    assert "does not answer" in result.output
    target = read_target(postgres.url_of("nobody_made_this"), ACCOUNT)
    assert asyncio.run(lets_in(target, ACCOUNT)) is False
    assert 'CREATE DATABASE "nobody_made_this" OWNER' in str(_by_hand(target))


async def test_a_snapshot_is_whole_and_old_ones_go(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    directory = tmp_path / "snapshots"
    directory.mkdir()
    for day in range(10, 17):
        (directory / f"before-migration-202601{day}T000000Z.dump").write_bytes(b"")
    async with database.connection() as connection:
        server_major = connection.get_server_version().major
    path = await snapshots.take_snapshot(
        database_url, directory, Clock(), server_major=server_major
    )
    assert path.read_bytes()[:5] == b"PGDMP"
    assert len(list(directory.iterdir())) == snapshots.KEPT


async def test_a_snapshot_that_fails_leaves_no_file(database: Database, tmp_path: Path) -> None:
    async with database.connection() as connection:
        server_major = connection.get_server_version().major
    with pytest.raises(ToolFailed) as failure:
        await snapshots.take_snapshot(
            f"postgresql://u:hush@/x?host={tmp_path}", tmp_path, Clock(), server_major=server_major
        )
    assert "hush" not in str(failure.value)
    assert os.listdir(tmp_path) == []


def _run(url: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    config = tmp_path / "photobooth.toml"
    config.write_text(
        f'[server]\njwt_key_file = "{tmp_path}/jwt.key"\n[database]\nurl = "{url}"\n', "utf-8"
    )
    return CliRunner().invoke(
        main, ["--config", str(config), "setup-database", "--snapshot"], catch_exceptions=False
    )
