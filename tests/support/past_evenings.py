"""Evenings of the past, put straight into the tables and onto the disk."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from tests.support.history import add_job
from tests.support.office import Office


async def add_photo(
    office: Office,
    event_id: str,
    taken_at: datetime,
    picture: bytes | Path | None = None,
    **facts: Any,
) -> UUID:
    """Add an ended photo to an event; with ``picture`` (a path is linked) as its result."""
    job_id = await add_job(office.database, taken_at, event_id=UUID(event_id), **facts)
    if picture is not None:
        await keep(office, job_id, "result", picture, taken_at + timedelta(hours=72))
    return job_id


async def keep(
    office: Office, job_id: UUID, kind: str, data: bytes | Path, expires_at: datetime
) -> Path:
    """Put a job's result, preview or original on the disk and into the table."""
    shelf, name = {
        "result": ("results", "result.jpg"),
        "preview": ("results", "preview.jpg"),
        "original": ("originals", "photo.jpg"),
    }[kind]
    path = office.media_root / shelf / str(job_id) / name
    path.parent.mkdir(exist_ok=True)
    if isinstance(data, Path):
        os.link(data, path)
    else:
        path.write_bytes(data)
    await office.execute(
        "INSERT INTO media_object (media_id, job_id, kind, content_type, size_bytes, expires_at)"
        " VALUES ($1, $2, $3, 'image/jpeg', $4, $5)",
        uuid4(),
        job_id,
        kind,
        path.stat().st_size,
        expires_at,
    )
    if kind == "original":
        await office.execute(
            "UPDATE job_history SET original_expires_at = $2 WHERE job_id = $1", job_id, expires_at
        )
    elif kind == "result":
        await office.execute(
            "UPDATE job_history SET result_expires_at = $2 WHERE job_id = $1", job_id, expires_at
        )
    return path
