"""The quick start's directory holds nothing of others, and lets nobody else in."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from photobooth_daemon.config import start_up
from photobooth_daemon.config.start_up import ListenAddress
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.rehearsal.quickstart_state import (
    Credentials,
    QuickstartError,
    QuickstartState,
)

STRANGER = 12345


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777, 0o702])
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    directory = tmp_path / "state"
    directory.mkdir()
    directory.chmod(mode)
    with (
        pytest.raises(QuickstartError, match="Others can write"),
        QuickstartState(directory).locked(),
    ):
        pass
    assert list(directory.iterdir()) == []
    directory.chmod(0o755)
    with QuickstartState(directory).locked():
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_root_does_not_work_where_somebody_else_leads_it(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    ours.mkdir(mode=0o700)
    os.chown(theirs, STRANGER, STRANGER)
    with pytest.raises(QuickstartError, match="Others can write"), QuickstartState(theirs).locked():
        pass
    (theirs / "link").symlink_to(ours)
    os.lchown(theirs / "link", STRANGER, STRANGER)
    for path in (theirs / "link", theirs / "link" / "deeper"):
        with pytest.raises(QuickstartError, match="somebody else"), QuickstartState(path).locked():
            pass
    (tmp_path / "own-link").symlink_to(ours)
    with QuickstartState(tmp_path / "own-link").locked():
        pass


@pytest.mark.parametrize(
    "name",
    ["quickstart.lock", "daemon.log", "photobooth.toml.unfinished", "sample-result.jpg"],
)
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("untouched")
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / name).symlink_to(precious)
    state = QuickstartState(tmp_path / "state")

    def write_everything() -> None:
        with state.locked():
            state.write_config(0, {}, {})
            state.write_sample(b"picture")
            state.open_log().close()

    with pytest.raises((OSError, QuickstartError)):
        write_everything()
    assert precious.read_text() == "untouched"


def test_passwords_are_not_read_through_a_link(tmp_path: Path) -> None:
    state = QuickstartState(tmp_path / "state")
    with state.locked():
        made = Credentials.make()
        state.keep_credentials(made)
        assert state.withdraw_credentials() == made
        (tmp_path / "state" / ".credentials.json").rename(tmp_path / "planted.json")
        (tmp_path / "state" / ".credentials.json").symlink_to(tmp_path / "planted.json")
        assert state.withdraw_credentials() != made


async def test_the_media_root_is_not_for_everybody(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = FileStore(tmp_path / "state" / "media")
        store.create()
    finally:
        os.umask(before)
    await store.close()
    assert (tmp_path / "state" / "media").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    ("given", "rehearsed", "made_up_key"),
    [
        ([], True, True),
        (["BASE_URL"], False, True),
        (["API_KEY"], False, False),
        (["API_KEY_FILE"], False, False),
        (["BASE_URL", "API_KEY"], False, False),
    ],
)
def test_the_rehearsal_provider_stands_in_where_nothing_real_is_given(
    tmp_path: Path, given: list[str], rehearsed: bool, made_up_key: bool
) -> None:
    state = QuickstartState(tmp_path / "state")
    environment = {f"PHOTOBOOTH_PROVIDERS__GEMINI__{name}": "x" for name in given}
    with state.locked():
        state.write_config(0, {"gemini": "http://127.0.0.1:9"}, environment)
    written = tomllib.loads(state.config_path.read_text())["providers"]["gemini"]
    assert ("base_url" in written, "local" in written) == (rehearsed, rehearsed)
    assert ("api_key" in written) == made_up_key


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # what --lan asks for
def test_the_daemon_listens_where_it_is_told(tmp_path: Path, host: str) -> None:
    state = QuickstartState(tmp_path / "state")
    with state.locked():
        state.write_config(8123, {}, {}, host=host)
    assert start_up.load(state.config_path).server.listen == ListenAddress(host, 8123)
