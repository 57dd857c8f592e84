"""What tests of commands share."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.app import commands as daemon_commands
from tests.support.commands import Commands
from tests.support.office import CHEAP_ROUNDS


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that a command hashes in the test's own process cost a millisecond."""
    monkeypatch.setattr(daemon_commands, "Passwords", partial(Passwords, CHEAP_ROUNDS))


@pytest.fixture
def commands(database_url: str, tmp_path: Path) -> Commands:
    """The commands on a database of their own, in the test's own process."""
    return Commands(database_url, tmp_path)
