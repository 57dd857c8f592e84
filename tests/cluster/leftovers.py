"""What lies in the bucket and on the hosts' disks, held against the rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.orphans import Orphans
from photobooth_daemon.housekeeping.removals import Removals
from photobooth_daemon.media.keys import MediaKey, Shelf, key_of
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.model import MediaKind, MediaObject
from photobooth_daemon.repositories.stored_media import StoredMedia
from tests.cluster.installation import Installation

SHELVES = (Shelf.RESULTS, Shelf.ORIGINALS, Shelf.PROVIDER)
ROWS = """
    SELECT media_id, job_id, kind, content_type, size_bytes, expires_at, cleaned_at
      FROM media_object WHERE cleaned_at IS NULL
"""


class LaterClock(Clock):
    """A clock by which everything here is old enough for cleanup."""

    def utcnow(self) -> datetime:
        return super().utcnow() + timedelta(hours=1)


async def clean_up(installation: Installation) -> None:
    """Remove what cleanup would, which leaves objects without a row alone for ten minutes."""
    store = S3Store(installation.folder / "look", installation.bucket)
    store.create()
    database = await Database.open(installation.primary_url, max_size=2)
    try:
        cleaner = Orphans(StoredMedia(database), store, LaterClock())
        await cleaner.remove_files(Removals())
    finally:
        await database.close()
        await store.close()


async def bucket_faults(installation: Installation) -> list[str]:
    """Return objects without a row, and rows without their object."""
    rows = [_media(row) for row in await installation.fetch(ROWS)]
    store = S3Store(installation.folder / "look", installation.bucket)
    store.create()
    try:
        keys: list[MediaKey] = [key_of(row) for row in rows]
        faults = [f"{key} is missing" for key in await store.list_missing(keys)]
        known = {(key.shelf, key.id) for key in keys}
        for shelf in SHELVES:
            async for batch in store.list_shelf(shelf):
                faults += [
                    f"{shelf}/{thing.name} has no row"
                    for thing in batch
                    if (shelf, thing.id) not in known
                ]
    finally:
        await store.close()
    return faults


def scratch_faults(installation: Installation) -> list[str]:
    """Return what photos have left on the hosts' own disks."""
    return [
        f"host {name}: scratch/{path.name} is left"
        for name, disk in installation.disks.items()
        for path in (disk.path / Shelf.SCRATCH).iterdir()
    ]


def _media(row: Any) -> MediaObject:
    return MediaObject(**{**row, "kind": MediaKind(row["kind"])})
