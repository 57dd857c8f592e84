"""Installations of an older schema, and the command that upgrades them."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.pool import Database
from tests.support import started


@asynccontextmanager
async def older(url: str, monkeypatch: pytest.MonkeyPatch, number: int) -> AsyncIterator[Database]:
    """Give a database of the version before a migration."""
    database = await Database.open(url, max_size=4)
    every = migrations.list_migrations()
    with monkeypatch.context() as patch:
        patch.setattr(
            migrations, "list_migrations", lambda: [m for m in every if m.number < number]
        )
        await migrations.migrate(database, Clock())
    try:
        yield database
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Migrating:
    """The command at work, and where it says what it does."""

    process: started.Started
    said: IO[bytes]

    def kill(self) -> None:
        self.process.kill()

    def wait(self, seconds: float | None = None) -> int:
        return self.process.wait(seconds)


def start_migrate(url: str) -> Migrating:
    """Start ``photoboothctl migrate``."""
    said = tempfile.TemporaryFile()  # noqa: SIM115 - it is read when the command has ended
    process = started.start(
        started.CONTROL,
        *("--config", "/dev/null", "migrate"),
        files=dict.fromkeys((1, 2), said.fileno()),
        environment={**os.environ, "PHOTOBOOTH_DATABASE__URL": url},
    )
    return Migrating(process, said)


async def has_migrated(migrating: Migrating) -> str:
    """Wait until it has done its work; return what it said."""
    status = await asyncio.to_thread(migrating.wait, 120)
    migrating.said.seek(0)
    said = migrating.said.read().decode()
    assert status == 0, said
    return said
