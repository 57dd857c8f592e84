"""A new signing key: in place at once, whole, and nobody's session outlives it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from photobooth_daemon.database.pool import Database
from tests.support.commands import Commands
from tests.support.office import Office

EXIT_USAGE, EXIT_UNAVAILABLE = 2, 3


def test_the_key_is_another_one_with_the_same_owner_and_mode_and_the_log_tells(
    commands: Commands, tmp_path: Path
) -> None:
    key_file = tmp_path / "jwt.key"
    commands.good("slot", "set", "slot-001", "display_name=one")
    before = key_file.read_bytes()
    key_file.chmod(0o640)
    # Root may give it to another account, as an installation's key belongs to the service's.
    owner = (65534, 65534) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(key_file, *owner)
    told = commands.good("rotate-signing-key")
    assert "log in again" in told
    assert "systemctl restart photobooth-daemon" in told
    assert key_file.read_bytes() != before
    assert len(key_file.read_bytes()) >= 32
    now = key_file.stat()
    assert (now.st_mode & 0o777, now.st_uid, now.st_gid) == (0o640, *owner)
    assert sorted(path.name for path in tmp_path.glob(".jwt*")) == []
    newest = commands.json("audit", "list")[0]
    assert (newest["action"], newest["actor"]) == ("signing_key.rotate", "cli:operator")
    assert commands.json("audit", "verify")["faults"] == []


async def test_sessions_end_at_once_and_for_good(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    token = await office.token()
    assert (await office.get("/api/me", token=token)).status == 200
    commands = Commands(database_url, tmp_path)
    await asyncio.to_thread(commands.good, "rotate-signing-key")
    assert (await office.get("/api/me", token=token)).status == 401
    between = (await office.login("serg")).json()["token"]
    again = await Office.open(await Database.open(database_url, max_size=2), tmp_path)
    try:
        # Signed by the old key, which nobody knows after the restart.
        assert (await again.get("/api/me", token=between)).status == 401
        assert (await again.get("/api/me")).status == 200
    finally:
        await again.close()


def test_a_link_to_the_key_stays_a_link(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    kept = tmp_path / "elsewhere" / "key"
    kept.write_bytes(b"the key that the link leads to, long enough")
    (tmp_path / "jwt.key").symlink_to(kept)
    commands.good("rotate-signing-key")
    assert (tmp_path / "jwt.key").is_symlink()
    assert kept.read_bytes() != b"the key that the link leads to, long enough"


def test_a_credential_is_not_replaced(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path / "jwt.key"
    commands.good("slot", "list")
    before = key_file.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(
            "photobooth_daemon.cli.rotate_signing_key.RUNNING_CREDENTIALS_DIR", tmp_path
        )
        refused = commands.run("rotate-signing-key")
    assert refused.exit_code == EXIT_USAGE
    assert "read-only credential" in refused.output
    assert key_file.read_bytes() == before
    assert commands.json("audit", "list") == []


def test_what_cannot_be_put_in_place_changes_nothing(
    commands: Commands, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path / "jwt.key"
    commands.good("slot", "list")
    before = key_file.read_bytes()

    def refuse(*_: object) -> None:
        raise PermissionError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("photobooth_daemon.administration.key_file.os.fsync", refuse)
        refused = commands.run("rotate-signing-key")
    assert refused.exit_code == EXIT_USAGE
    assert "cannot be replaced: Read-only file system" in refused.output
    with monkeypatch.context() as patched:
        patched.setattr("photobooth_daemon.administration.key_rotation.Path.replace", refuse)
        refused = commands.run("rotate-signing-key")
    assert refused.exit_code == EXIT_USAGE
    assert "cannot be replaced: Read-only file system" in refused.output
    assert key_file.read_bytes() == before
    assert commands.json("audit", "list") == []
    assert asyncio.run(versions(database_url)) == [1, 1]
    assert sorted(path.name for path in tmp_path.glob(".jwt*")) == []
    away = Commands("postgresql://127.0.0.1:9/none", tmp_path).run("rotate-signing-key")
    assert away.exit_code == EXIT_UNAVAILABLE
    assert key_file.read_bytes() == before


async def versions(database_url: str) -> list[int]:
    connection = await asyncpg.connect(database_url)
    try:
        return [row[0] for row in await connection.fetch("SELECT token_version FROM admin")]
    finally:
        await connection.close()
