"""A backup is sealed by a key that is not in it, and nothing comes back without one that fits."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from photobooth_daemon.config.start_up import load
from photobooth_daemon.errors import ConfigError
from tests.support.commands import Commands

EXIT_FAILED, EXIT_USAGE = 1, 2


class House:
    """A machine by its commands."""

    def __init__(self, database_url: str, directory: Path, backups: Path) -> None:
        (directory / "media").mkdir(parents=True)
        self.directory = directory
        self.backups = backups
        self.commands = Commands(database_url, directory, PHOTOBOOTH_BACKUP__DIRECTORY=str(backups))

    def backup(self, *arguments: str) -> Path:
        self.commands.good("backup", *arguments)
        return max(path for path in self.backups.iterdir() if path.name[0] != ".")

    def refused(self, backup: Path, *arguments: str) -> str:
        result = self.commands.run("restore", str(backup), *arguments)
        assert result.exit_code != 0, result.output
        return result.output

    def picture(self) -> Path:
        path = self.directory / "media" / "results" / str(uuid4()) / "result.jpg"
        path.parent.mkdir(parents=True)
        path.write_bytes(os.urandom(100))
        return path


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return House(database_url, tmp_path / "house", tmp_path / "backups")


@pytest.fixture
def new_house(empty_database_url: str, tmp_path: Path) -> House:
    return House(empty_database_url, tmp_path / "new", tmp_path / "new-backups")


def make_up_another(backup: Path) -> None:
    """Write a whole backup, as whoever can write there could, with digests that fit."""
    dump = backup / "database.dump"
    listed = backup / "files.sha256"
    old = hashlib.sha256(dump.read_bytes()).hexdigest()
    dump.write_bytes(dump.read_bytes() + b"\0")
    new = hashlib.sha256(dump.read_bytes()).hexdigest()
    listed.write_text(listed.read_text().replace(old, new))
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["dump_sha256"] = new
    manifest["list_sha256"] = hashlib.sha256(listed.read_bytes()).hexdigest()
    (backup / "manifest.json").write_text(json.dumps(manifest))


def test_the_key_is_made_with_the_first_backup_and_is_not_in_it(house: House) -> None:
    key = house.directory / "backup.key"
    assert not key.exists()
    house.commands.good("slot", "list")
    backup = house.backup()
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) >= 32
    names = {path.name for path in backup.iterdir()}
    assert {"jwt.key", "audit.key", "manifest.seal"} <= names
    for path in backup.rglob("*"):
        assert not path.is_file() or key.read_bytes() not in path.read_bytes()


def test_a_backup_comes_back_by_the_key_of_its_machine(house: House, new_house: House) -> None:
    backup = house.backup()
    new_house.commands.good(
        "restore", str(backup), "--seal-key-file", f"{house.directory}/backup.key"
    )
    entry = new_house.commands.json("audit", "list")[0]
    assert (entry["action"], entry["after"]["sealed"]) == ("backup.restore", True)
    # The key in the machine's own place serves as well.
    (new_house.directory / "backup.key").write_bytes((house.directory / "backup.key").read_bytes())
    new_house.commands.good("restore", str(backup), "--replace")


def test_another_machine_refuses_until_it_is_told_to_believe_the_backup(
    house: House, new_house: House
) -> None:
    backup = house.backup()
    told = new_house.refused(backup)
    assert "--seal-key-file" in told
    assert "--unsealed" in told
    wrong = new_house.directory / "wrong.key"
    wrong.write_text("w" * 64)
    assert "does not fit" in new_house.refused(backup, "--seal-key-file", str(wrong))
    wrong.write_text("short")
    assert "fewer than 32" in new_house.refused(backup, "--seal-key-file", str(wrong))
    assert "No such file" in new_house.refused(backup, "--seal-key-file", f"{wrong}.none")
    both = new_house.commands.run(
        "restore", str(backup), "--unsealed", "--seal-key-file", str(wrong)
    )
    assert both.exit_code == EXIT_USAGE
    told = new_house.commands.good("restore", str(backup), "--unsealed")
    assert "seal was not looked at" in told
    assert new_house.commands.json("audit", "list")[0]["after"]["sealed"] is False


@pytest.mark.parametrize("how", ["made up", "seal taken away", "seal made up", "seal a link"])
def test_a_backup_that_somebody_made_up_is_refused(
    house: House, new_house: House, how: str
) -> None:
    backup = house.backup()
    make_up_another(backup)
    seal = backup / "manifest.seal"
    if how == "seal taken away":
        seal.unlink()
    elif how == "seal made up":
        seal.write_text("0" * 64 + "\n")
    elif how == "seal a link":
        seal.rename(seal.with_name("elsewhere"))
        seal.symlink_to("elsewhere")
    key = ("--seal-key-file", f"{house.directory}/backup.key")
    told = new_house.refused(backup, *key)
    assert ("no seal" if how == "seal taken away" else "seal") in told
    # Nothing is here yet, and its digests fit: it was the seal alone that told.
    new_house.commands.good("restore", str(backup), "--unsealed")


@pytest.mark.parametrize("earlier", ["sealed", "of an older version", "made up", "list made up"])
def test_nothing_gets_a_seal_by_being_linked_from_a_backup_that_has_none(
    house: House, earlier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = house.picture()
    first = house.backup()
    first.rename(house.backups / "20200101T000000Z")
    first = house.backups / "20200101T000000Z"
    copy = first / picture.relative_to(house.directory)
    if earlier != "sealed":
        copy.write_bytes(b"!" * 100)
    if earlier == "of an older version":
        (first / "manifest.seal").unlink()
    elif earlier == "made up":
        (first / "manifest.json").write_text((first / "manifest.json").read_text() + "\n")
    elif earlier == "list made up":
        (first / "files.sha256").write_text("")
    second = house.backup()
    linked = second / picture.relative_to(house.directory)
    assert linked.samefile(copy) is (earlier == "sealed")
    assert linked.read_bytes() == picture.read_bytes()


def test_the_key_does_not_lie_where_the_backups_are(tmp_path: Path) -> None:
    config = tmp_path / "photobooth.toml"
    config.write_text(f'[backup]\ndirectory = "{tmp_path}/b"\nseal_key_file = "{tmp_path}/b/k"\n')
    with pytest.raises(ConfigError, match="where the backups are"):
        load(config, {})


def test_a_key_that_cannot_be_made_fails_the_backup_and_is_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (house.directory / "backup.key").write_text("short")
    failed: Any = house.commands.run("backup")
    assert failed.exit_code == EXIT_USAGE
    assert "fewer than 32" in failed.output
    assert [path.name for path in house.backups.iterdir()] == [".lock"]
