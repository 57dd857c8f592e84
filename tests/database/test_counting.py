"""An upgrade counts the photos of every event while further ones come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from photobooth_daemon.database import migrations
from tests.support.fakes import eventually
from tests.support.housekeeping import value
from tests.support.upgrades import has_migrated, older, start_migrate

COUNTS = 21
"""The number of the migration that counts."""
COUNTED = "SELECT event_id, slot_id, status, photos, fallback FROM event_count ORDER BY 1, 2, 3"
PLAIN = """
    SELECT event_id, slot_id, status, count(*), count(*) FILTER (WHERE fallback) FROM job_history
     WHERE event_id IS NOT NULL AND source = 'ingest' AND status <> 'pending'
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
COUNTER = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'DO %' AND wait_event_type = 'Lock'"
COUNTER += " AND datname = current_database()"
EVENT = """
    INSERT INTO event (event_id, version, name, starts_at, ends_at, slot_ids, frozen,
        gallery_enabled, gallery_token, gallery_archive, guest, keep_originals, rerun,
        silent_minutes, updated_at, updated_by)
    VALUES ($1, 1, 'Evening', $2, $3, '{}', false, false, $4, false, '{}', 'failed', 'auto', 30,
            $2, 'serg')
"""
JOB = """
    INSERT INTO job_history (job_id, slot_id, slot_version, source, status, fallback, event_id,
        client_fields, input_content_type, input_width, input_height, input_size_bytes,
        input_sha256, started_at, deadline_at, finished_at, result_expires_at)
    VALUES ($1, $2, 1, $3, $4::text, $5, $6, '{}', 'image/jpeg', 60, 40, 100, '',
            $7::timestamptz, $7, CASE WHEN $4 <> 'pending' THEN $7 END,
            CASE WHEN $4 <> 'pending' THEN $7 END)
"""
END = "UPDATE job_history SET status = $2, finished_at = now(), result_expires_at = now()"
END += " WHERE job_id = $1"


class Cameras:
    """Photos of events; none may wait for longer than a moment."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def add(self, event_id: UUID | None, status: str = "done", **facts: Any) -> UUID:
        job_id = uuid4()
        slot_id, source = facts.get("slot_id", "slot-001"), facts.get("source", "ingest")
        values = (slot_id, source, status, facts.get("fallback", False), event_id)
        await self._connection.execute(JOB, job_id, *values, datetime.now(UTC))
        return job_id

    async def end(self, job_id: UUID, status: str = "done") -> None:
        await self._connection.execute(END, job_id, status)


@pytest.mark.parametrize("is_killed", [False, True])
async def test_photos_that_come_while_an_upgrade_counts_are_counted_once_and_do_not_wait(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    url = empty_database_url
    async with older(url, monkeypatch, COUNTS) as database:
        connection, held = [await asyncpg.connect(url) for _ in range(2)]
        await connection.execute("SET lock_timeout = '2s'")
        past, blocked, running = [uuid4() for _ in range(3)]
        for hour, event_id in enumerate((past, blocked, running)):
            begins = datetime.now(UTC) - timedelta(hours=4 - hour)
            await connection.execute(
                EVENT, event_id, begins, begins + timedelta(hours=3), f"{event_id}"[:22]
            )
        cameras = Cameras(connection)
        for event_id in (None, past, blocked, running):
            await cameras.add(event_id)
            await cameras.add(event_id, "failed", fallback=True, slot_id="slot-002")
            await cameras.add(event_id, "done", source="test")
            await cameras.add(event_id, "timeout")
        waiting = [await cameras.add(event_id, "pending") for event_id in (blocked, running)]

        await held.execute("BEGIN")
        await held.execute("SELECT FROM event WHERE event_id = $1 FOR KEY SHARE", blocked)
        process = start_migrate(url)
        await eventually(lambda: value(database, COUNTER), seconds=60)
        for event_id in (None, past, blocked, running):
            await cameras.end(await cameras.add(event_id, "pending"), "failed")
        for job_id in waiting:
            await cameras.end(job_id)
        last = await cameras.add(running, "pending", slot_id="slot-003")
        if is_killed:
            process.kill()
            process.wait()
            counter = await value(database, COUNTER)
            assert await value(database, "SELECT pg_terminate_backend($1, 30000)", counter)
            await cameras.add(past)
            process = start_migrate(url)
            await eventually(lambda: value(database, COUNTER), seconds=60)
        await held.execute("COMMIT")
        await has_migrated(process)

        await migrations.check(database)
        plain = await connection.fetch(PLAIN)
        assert sum(row[3] for row in plain) == 14 + is_killed
        assert await connection.fetch(COUNTED) == plain
        await cameras.end(last)
        plain = await connection.fetch(PLAIN)
        assert sum(row[3] for row in plain) == 15 + is_killed
        assert await connection.fetch(COUNTED) == plain
        await held.close()
        await connection.close()
