"""What lies in the bucket and on the hosts' disks, held against the rows."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.media.keys import MediaKey, Shelf, key_of
from photobooth_daemon.media.s3 import S3Store
from photobooth_daemon.model import MediaKind, MediaObject
from tests.cluster.installation import Installation

SHELVES = (Shelf.RESULTS, Shelf.ORIGINALS, Shelf.PROVIDER)
ROWS = """
    SELECT media_id, job_id, kind, content_type, size_bytes, expires_at, cleaned_at
      FROM media_object WHERE cleaned_at IS NULL
"""


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
