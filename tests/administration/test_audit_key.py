"""The audit log's key is its own: it comes from nowhere, or from the log that was there before."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from photobooth_daemon.administration.audit_key import derived_audit_key, load_audit_key
from photobooth_daemon.config.start_up import load
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import ConfigError
from photobooth_daemon.model import Actor
from tests.support.audit import audit_in
from tests.support.fakes import FakeClock
from tests.support.office import Office

OLD_KEY = b"the token key of an installation that is there already"


async def test_a_new_installation_has_two_keys_that_know_nothing_of_each_other(
    office: Office, tmp_path: Path
) -> None:
    await office.token()
    signing_key = (tmp_path / "jwt.key").read_bytes()
    audit_key = load_audit_key(tmp_path / "audit.key", tmp_path / "jwt.key")
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    assert len(audit_key) == 32
    assert audit_key != derived_audit_key(signing_key)


async def test_a_log_begun_under_the_token_key_goes_on_and_outlives_that_key(
    database: Database, database_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    (tmp_path / "jwt.key").write_bytes(OLD_KEY)
    before = audit_in(tmp_path, database, clock, derived_audit_key(OLD_KEY))
    async with database.transaction() as connection:
        await before.record(connection, actor=Actor("serg"), action="old", entity="x")
    for signing_key in (OLD_KEY, b"another key, which knows nothing of the one before"):
        (tmp_path / "jwt.key").write_bytes(signing_key)
        office = await Office.open(await Database.open(database_url, max_size=2), tmp_path)
        await office.login("serg")
        await office.close()
    key = load_audit_key(tmp_path / "audit.key", tmp_path / "jwt.key")
    verdict = await audit_in(tmp_path, database, clock, key).verify()
    assert (verdict.entries, verdict.faults) == (3, ())


def test_a_key_of_somebody_s_own_is_taken_as_it_is_and_a_short_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit.key"
    path.write_bytes(b"a key that somebody has made up herself\n")
    assert load_audit_key(path, tmp_path / "jwt.key") == b"a key that somebody has made up herself"
    path.write_bytes(b"short")
    with pytest.raises(ConfigError, match=r"audit_key_file.*fewer than 32"):
        load_audit_key(path, tmp_path / "jwt.key")


def test_beside_a_credential_the_log_goes_on_under_the_key_that_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "jwt.key").write_bytes(OLD_KEY)

    def refuse(*_: object) -> None:
        raise PermissionError(30, "Read-only file system")

    monkeypatch.setattr("photobooth_daemon.administration.key_file.write_draft", refuse)
    with caplog.at_level(logging.WARNING):
        key = load_audit_key(tmp_path / "audit.key", tmp_path / "jwt.key")
    assert key == derived_audit_key(OLD_KEY)
    assert "set audit_key_file" in caplog.text
    with pytest.raises(ConfigError, match="Read-only"):
        load_audit_key(tmp_path / "elsewhere" / "audit.key", tmp_path / "jwt.key")


def test_the_two_keys_are_not_one_file(tmp_path: Path) -> None:
    config = tmp_path / "photobooth.toml"
    config.write_text(f'[server]\njwt_key_file = "{tmp_path}/k"\naudit_key_file = "{tmp_path}/k"\n')
    with pytest.raises(ConfigError, match="another file"):
        load(config, {})
    config.write_text(f'[server]\njwt_key_file = "{tmp_path}/jwt.key"\n')
    assert load(config, {}).audit_key_file == tmp_path / "audit.key"
