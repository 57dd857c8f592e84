"""Installations of an older schema, and the command that upgrades them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.pool import Database


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


def start_migrate(url: str) -> subprocess.Popen[str]:
    """Start ``photoboothctl migrate``."""
    command = (sys.executable, "-m", "photobooth_daemon.cli", "--config", "/dev/null", "migrate")
    return subprocess.Popen(
        command,
        env={**os.environ, "PHOTOBOOTH_DATABASE__URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def has_migrated(process: subprocess.Popen[str]) -> str:
    """Wait until it has done its work; return what it said."""
    said, _ = await asyncio.to_thread(process.communicate, timeout=120)
    assert process.returncode == 0, said
    return said
