"""A backup whose database stops in the middle of it says so in a line, and leaves nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from photobooth_daemon.database.embedded import EmbeddedPostgres
from tests.support.fakes import eventually


@pytest.mark.timeout(seconds=180)
async def test_a_database_that_stops_costs_no_traceback(
    own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    config = tmp_path / "photobooth.toml"
    config.write_text(
        f'[server]\njwt_key_file = "{tmp_path}/jwt.key"\n'
        f'[database]\nurl = "{own_postgres.url}"\n'
        f'[media]\nroot = "{tmp_path}/media"\n'
        f'[backup]\ndirectory = "{tmp_path}/backups"\n'
    )
    (tmp_path / "media").mkdir()
    holder = await asyncpg.connect(own_postgres.url)
    await holder.execute("BEGIN; LOCK TABLE job_history IN ACCESS EXCLUSIVE MODE")
    command = [sys.executable, "-m", "photobooth_daemon.cli", "--config", str(config), "backup"]
    backup = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )

    async def dump_waits() -> bool:
        waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
        return bool(await holder.fetchval(waiting))

    await eventually(dump_waits, seconds=60)
    own_postgres.stop()
    _, told = await asyncio.wait_for(backup.communicate(), 60)
    holder.terminate()
    assert backup.returncode == 3
    text = told.decode()
    assert "Traceback" not in text
    assert text.count("backup failed") == 1
    assert text.endswith("Error: The database does not answer; try again shortly.\n")
    assert list((tmp_path / "backups").glob("*Z")) == []
