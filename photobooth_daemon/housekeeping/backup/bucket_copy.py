"""Copies a bucket's pictures into a backup, as the files that they would be on a disk.

What the backup before has already is linked, not fetched again. Objects that are no pictures
of an installation stay where they are: no backup holds such a thing, and none is restored.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from photobooth_daemon.errors import BackupFailed, StorageUnavailable
from photobooth_daemon.housekeeping.backup.contents import is_picture
from photobooth_daemon.housekeeping.backup.manifest import MEDIA, SHELVES
from photobooth_daemon.housekeeping.backup.media_copy import Copied, link_same
from photobooth_daemon.media.keys import MediaKey, Shelf
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.tasks import end_tasks

AT_ONCE = 8

log = logging.getLogger(__name__)


class BucketCopy:
    """One copy of a bucket into the backup that is being made."""

    def __init__(self, bucket: MediaStore, backup: Path, earlier: Path | None) -> None:
        self._bucket = bucket
        self._target = backup / MEDIA
        self._earlier = None if earlier is None else earlier / MEDIA
        self._places = asyncio.Semaphore(AT_ONCE)
        self._copied = Copied()

    async def run(self) -> Copied:
        """Copy every picture; those that are removed meanwhile are left out.

        Raises:
            BackupFailed: the bucket does not answer as it should.
            OSError: the disk refuses them.
        """
        try:
            for shelf in SHELVES:
                async for groups in self._bucket.list_pictures(Shelf(shelf)):
                    await self._all(groups)
        except StorageUnavailable as error:
            raise BackupFailed(f"The bucket: {error}") from error
        return self._copied

    async def _all(self, groups: list[dict[MediaKey, int]]) -> None:
        tasks = [asyncio.create_task(self._together(pictures)) for pictures in groups]
        try:
            await asyncio.gather(*tasks)
        finally:
            await end_tasks(*tasks)

    async def _together(self, pictures: Mapping[MediaKey, int]) -> None:
        """Copy the pictures of one id, or none of them."""
        ours = {key: size for key, size in pictures.items() if is_picture(f"{MEDIA}/{key}")}
        for key in pictures.keys() - ours.keys():
            log.warning("an object is nothing that a backup holds", extra={"key": str(key)})
        if not ours:
            return
        first = next(iter(ours))
        directory = self._target / first.shelf / str(first.id)
        async with self._places:
            try:
                await asyncio.to_thread(directory.mkdir, 0o750)
            except FileExistsError:
                return  # it moves to the bucket or from it, and was copied from the files already
            try:
                linked = [await self._one(key, size) for key, size in ours.items()]
            except FileNotFoundError:
                await asyncio.to_thread(shutil.rmtree, directory)
                return
        self._copied.files += len(ours)
        self._copied.size_bytes += sum(ours.values())
        self._copied.linked_files += sum(linked)

    async def _one(self, key: MediaKey, size: int) -> bool:
        """Bring one picture, and return whether the backup before had it.

        Raises:
            FileNotFoundError: it has been removed from the bucket.
        """
        path = self._target / str(key)
        if self._earlier is not None and await asyncio.to_thread(
            link_same, self._earlier / str(key), path, size
        ):
            return True
        opened = await self._bucket.open(key)
        try:
            with await asyncio.to_thread(path.open, "xb") as file:
                async for block in opened.blocks(0, opened.size_bytes):
                    await asyncio.to_thread(file.write, block)
        finally:
            opened.close()
        return False
