"""The bytes that are stored, added up a part at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from photobooth_daemon.database.pool import Database
from photobooth_daemon.repositories.vitals import VitalsRepository
from tests.support.housekeeping import insert_job, insert_media

FILES = 24


@pytest.mark.parametrize("at_once", [1, 5, FILES // 2, FILES - 1, FILES, FILES + 1, 50_000])
async def test_every_file_that_is_there_counts_once(database: Database, at_once: int) -> None:
    now = datetime.now(UTC)
    job_id = await insert_job(database, now, "done", expires_at=now + timedelta(hours=1))
    plain: dict[str, int] = {"template": 0}
    for n in range(FILES):
        kind = ("result", "preview", "original")[n % 3]
        await insert_media(database, job_id, kind, now, size_bytes=10**9 + n)
        plain[kind] = plain.get(kind, 0) + 10**9 + n
        await insert_media(database, job_id, kind, now, size_bytes=7, cleaned_at=now)
    assert await VitalsRepository(database, files_at_once=at_once).media_bytes() == plain


async def test_nothing_is_stored_at_first(database: Database) -> None:
    assert await VitalsRepository(database).media_bytes() == {"template": 0}
