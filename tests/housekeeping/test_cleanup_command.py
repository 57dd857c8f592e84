"""``photoboothctl cleanup``: what it prints, and what is left when it is killed."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from photobooth_daemon.cli import main
from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.cleanup import Cleanup
from photobooth_daemon.media.file_store import FileStore
from tests.support import started
from tests.support.cleanup import PICTURE, files_of
from tests.support.fakes import FakeClock
from tests.support.housekeeping import insert_result, value


def run_command(database_url: str, media_root: Path, *arguments: str) -> Any:
    return CliRunner().invoke(
        main,
        ["--config", "/dev/null", "cleanup", *arguments],
        env={
            "PHOTOBOOTH_DATABASE__URL": database_url,
            "PHOTOBOOTH_MEDIA__ROOT": str(media_root),
            "PHOTOBOOTH_SERVER__JWT_KEY_FILE": str(media_root.parent / "jwt.key"),
        },
    )


def test_the_command_reports_for_people_and_for_scripts(
    database_url: str, media_root: Path
) -> None:
    result = run_command(database_url, media_root)
    assert result.exit_code == 0, result.output
    assert "freed" in result.output
    shown = run_command(database_url, media_root, "--dry-run", "--json").output
    document = json.loads(shown[shown.index('{"outcome') :])
    assert document["outcome"] == "done"
    assert document["dry_run"] is True


def start_command(database_url: str, media_root: Path) -> started.Started:
    """Start it as a process of its own, whatever it prints."""
    with Path("/dev/null").open("wb") as nothing:
        return started.start(
            started.CONTROL,
            *("--config", "/dev/null", "cleanup"),
            files={1: nothing.fileno(), 2: nothing.fileno()},
            environment={
                **os.environ,
                "PHOTOBOOTH_DATABASE__URL": database_url,
                "PHOTOBOOTH_MEDIA__ROOT": str(media_root),
            },
        )


@pytest.mark.parametrize("delay_ms", [50, 100, 200, 400])
async def test_a_run_that_is_killed_is_ended_by_the_next(
    cleanup: Cleanup,
    database: Database,
    database_url: str,
    media_store: FileStore,
    clock: FakeClock,
    delay_ms: int,
) -> None:
    """Wherever ``kill -9`` strikes, the next run leaves neither file nor unmarked row."""
    now = clock.utcnow()
    past = datetime.now(tz=now.tzinfo) - timedelta(days=1)
    jobs: list[UUID] = [
        await insert_result(database, media_store, PICTURE, past, past + timedelta(hours=1))
        for _ in range(60)
    ]
    process = start_command(database_url, media_store.root)
    await asyncio.sleep(delay_ms / 1000)
    process.kill()
    await asyncio.to_thread(process.wait)
    clock.advance((datetime.now(tz=now.tzinfo) - now).total_seconds() + 3600)
    for _ in range(50):
        report = await cleanup.run()
        if report.outcome == "done":
            break
        await asyncio.sleep(0.1)  # the server has not yet noticed that the killed one is gone
    assert report.outcome == "done"
    assert files_of(media_store) == set()
    unmarked = "SELECT count(*) FROM media_object WHERE cleaned_at IS NULL"
    assert await value(database, unmarked) == 0
    assert await value(database, "SELECT count(*) FROM job_history") == len(jobs)
