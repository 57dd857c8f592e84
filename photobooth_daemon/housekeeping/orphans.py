"""Files without rows, and rows without files: what crashes and restored backups leave."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import FilesMissing
from photobooth_daemon.housekeeping.removals import Removals
from photobooth_daemon.media.keys import Shelf, key_of
from photobooth_daemon.media.listing import StoredThing
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MediaObject
from photobooth_daemon.repositories.stored_media import StoredMedia

AGE = timedelta(minutes=10)
"""Younger files may be in flight in any process: their rows are still to come."""
BATCH_SIZE = 500
FEW_LOST = 20


class Orphans:
    """Removes files that no row speaks of, and ends the life of objects whose files are lost."""

    def __init__(self, stored: StoredMedia, media_store: MediaStore, clock: Clock) -> None:
        self._stored = stored
        self._media_store = media_store
        self._clock = clock

    async def remove_files(self, removals: Removals) -> None:
        """Remove old files and directories without a row."""
        known = {
            Shelf.PROVIDER: self._stored.provider_inputs_with_rows,
            Shelf.RESULTS: self._stored.results_with_rows,
            Shelf.ORIGINALS: self._stored.originals_with_rows,
            Shelf.TEMPLATES: self._stored.templates_with_rows,
        }
        for shelf, rows_of in known.items():
            async for batch in self._media_store.list_shelf(shelf):
                old = self._old(batch)
                living = await rows_of([thing.id for thing in old if thing.id is not None])
                orphans = [thing for thing in old if thing.id is None or thing.id not in living]
                await removals.remove(self._media_store, orphans, f"orphans_{shelf}")

    async def end_lost(self, removals: Removals) -> None:
        """End the life of stored objects whose files are gone: their links answer 410.

        Raises:
            FilesMissing: most of the files are gone; nothing was changed.
        """
        last: UUID | None = None
        looked_at = 0
        lost: list[MediaObject] = []
        while True:
            batch = await self._stored.list_stored(last, BATCH_SIZE)
            missing = await self._media_store.list_missing([key_of(media) for media in batch])
            lost += [media for media in batch if key_of(media) in missing]
            looked_at += len(batch)
            if len(batch) < BATCH_SIZE:
                break
            last = batch[-1].media_id
        if len(lost) > FEW_LOST and len(lost) > looked_at / 2:
            raise FilesMissing(
                f"{len(lost)} of {looked_at} files are missing: is the media directory mounted?"
            )
        for media in lost:
            if not removals.dry_run:
                await self._stored.mark_lost(media, self._clock.utcnow())
            removals.count("lost_files", media_id=str(media.media_id), job_id=str(media.job_id))

    def _old(self, batch: list[StoredThing]) -> list[StoredThing]:
        oldest = self._clock.utcnow() - AGE
        return [thing for thing in batch if thing.modified_at < oldest]
