"""``photoboothctl host``: who shares the installation, and that one of them is gone for good."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.commands import Commands

SHOW = """
    INSERT INTO daemon_process
           (process_id, host, pid, version, config_digest, started_at, seen_at)
    VALUES (gen_random_uuid(), $1, 1, '1', $2, now(), now() - $3 * interval '1 second')
"""
KNOWN = "SELECT host, troubles FROM daemon_process ORDER BY host"
ALIKE, OTHER = "a" * 16, "b" * 16
EXIT_NOT_FOUND, EXIT_CONFLICT = 4, 5


@pytest.fixture
def commands(database_url: str, tmp_path: Path) -> Commands:
    """``attic`` and ``barn`` run and are set up alike; ``cellar``, of two processes, is gone."""
    show(database_url, "attic", ALIKE + "1" * 16, 0)
    show(database_url, "barn", ALIKE + "2" * 16, 0)
    for _ in range(2):
        show(database_url, "cellar", OTHER * 2, 300)
    return Commands(database_url, tmp_path)


def show(database_url: str, *arguments: Any) -> None:
    execute(database_url, SHOW, *arguments)


def execute(database_url: str, sql: str, *arguments: Any) -> list[Any]:
    async def run() -> list[Any]:
        connection = await asyncpg.connect(database_url)
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    return asyncio.run(run())


def test_a_host_that_is_gone_for_good_is_forgotten(commands: Commands, database_url: str) -> None:
    (head, *rows) = commands.good("host", "list").splitlines()
    assert head.split() == ["HOST", "PROCESSES", "VERSION", "CONFIGURATION", "SEEN"]
    assert [row.split()[:4] for row in rows] == [
        ["attic", "1", "1", "a" * 8],
        ["barn", "1", "1", "a" * 8],
        ["cellar", "silent", "1", "b" * 8],
    ]
    assert "cellar is forgotten" in commands.good("host", "forget", "cellar")
    assert [host["host"] for host in commands.json("host", "list")] == ["attic", "barn"]
    (entry,) = execute(database_url, "SELECT * FROM audit_log WHERE action = 'host.forget'")
    assert entry["entity"] == "host:cellar"
    assert entry["actor"].startswith("cli:")


def test_a_host_that_runs_and_one_that_nobody_knows_are_not(
    commands: Commands, database_url: str
) -> None:
    assert commands.run("host", "forget", "attic").exit_code == EXIT_CONFLICT
    assert commands.run("host", "forget", "atlantis").exit_code == EXIT_NOT_FOUND
    assert [row["host"] for row in execute(database_url, KNOWN)] == [
        *("attic", "barn"),
        *("cellar", "cellar"),
    ]
    assert execute(database_url, "SELECT * FROM audit_log WHERE action = 'host.forget'") == []
