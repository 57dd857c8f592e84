"""What tests of commands share."""

from __future__ import annotations

from functools import partial

import pytest

from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.app import commands
from tests.support.office import CHEAP_ROUNDS


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that a command hashes in the test's own process cost a millisecond."""
    monkeypatch.setattr(commands, "Passwords", partial(Passwords, CHEAP_ROUNDS))
