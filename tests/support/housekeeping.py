"""Jobs and files as a killed, a finished and a forgetful daemon would leave them."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.build import Housekeeping, build_housekeeping
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.repositories.live_messages import LiveMessageRepository
from tests.support.audit import keeper_in


def housekeeping_of(
    database: Database, media_store: MediaStore, directory: Path, clock: Clock
) -> Housekeeping:
    """Recovery and cleanup as a daemon has them; ``directory`` has the keys."""
    live = LivePublisher(LiveMessageRepository(database), clock)
    return build_housekeeping(database, media_store, keeper_in(directory, database), live, clock)


async def insert_job(
    database: Database,
    started_at: datetime,
    status: str = "pending",
    *,
    slot_id: str = "slot-001",
    expires_at: datetime | None = None,
    window_seconds: float = 48,
) -> UUID:
    """Insert one camera's job."""
    job_id = uuid4()
    async with database.connection() as connection:
        await connection.execute(
            """
            INSERT INTO job_history (job_id, slot_id, slot_version, source, status,
                client_fields, input_content_type, input_width, input_height, input_size_bytes,
                input_sha256, started_at, deadline_at, finished_at, result_expires_at,
                result_content_type, result_width, result_height, result_size_bytes)
            VALUES ($1, $2, 1, 'ingest', $3, '{}', 'image/jpeg', 60, 40, 100, '', $4, $5, $6, $7,
                    $8, $9::integer, $9::integer, $9::integer)
            """,
            job_id,
            slot_id,
            status,
            started_at,
            started_at + timedelta(seconds=window_seconds),
            None if status == "pending" else started_at + timedelta(seconds=5),
            expires_at,
            "image/jpeg" if status == "done" else None,
            10 if status == "done" else None,
        )
    return job_id


async def insert_media(
    database: Database,
    job_id: UUID,
    kind: str,
    expires_at: datetime,
    *,
    cleaned_at: datetime | None = None,
    size_bytes: int = 10,
) -> UUID:
    """Insert one media object."""
    media_id = uuid4()
    async with database.connection() as connection:
        await connection.execute(
            """
            INSERT INTO media_object
                   (media_id, job_id, kind, content_type, size_bytes, expires_at, cleaned_at)
            VALUES ($1, $2, $3, $4, $7, $5, $6)
            """,
            media_id,
            job_id,
            kind,
            "image/jpeg",
            expires_at,
            cleaned_at,
            size_bytes,
        )
    return media_id


async def insert_result(
    database: Database,
    media_store: MediaStore,
    picture: PictureBytes,
    started_at: datetime,
    expires_at: datetime,
) -> UUID:
    """Insert a done job with its objects and files."""
    job_id = await insert_job(database, started_at, "done", expires_at=expires_at)
    for kind, data in (("result", picture.data), ("preview", b"preview")):
        await insert_media(database, job_id, kind, expires_at, size_bytes=len(data))
    await media_store.store_result(job_id, picture, b"preview")
    return job_id


def make_old(path: Path, at: datetime) -> None:
    """Set a file's or directory's time of change."""
    os.utime(path, (at.timestamp(), at.timestamp()))


async def value(database: Database, query: str, *arguments: Any) -> Any:
    """Return the first column of the first row."""
    async with database.connection() as connection:
        return await connection.fetchval(query, *arguments)
