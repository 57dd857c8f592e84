"""The pictures of a backup on their way back, into files or into a bucket."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID, uuid4

from photobooth_daemon.errors import BackupFailed, StorageUnavailable
from photobooth_daemon.housekeeping.backup.contents import copy_checked
from photobooth_daemon.housekeeping.backup.manifest import MEDIA, SHELVES, Manifest
from photobooth_daemon.media.both_stores import BothStores
from photobooth_daemon.media.copy import stored_digest
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.keys import MediaKey, Shelf
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.tasks import end_tasks

AT_ONCE = 4


class RestoredPictures:
    """Where the pictures of a backup go to."""

    def __init__(self, media_store: MediaStore) -> None:
        self._store = media_store

    def refuse_other_store(self, manifest: Manifest) -> None:
        """Make sure that the backup's pictures will be found where this machine keeps its own.

        Raises:
            BackupFailed: they would not; the text says what is to be set.
        """
        if isinstance(self._store, BothStores):
            raise BackupFailed("Take read_also out of [media] first: pictures go to one store.")
        if isinstance(self._store, FileStore) and manifest.bucket is not None:
            raise BackupFailed(
                f"The backup's pictures are in the bucket {manifest.bucket}:"
                ' set [media] store = "s3" and that bucket first.'
            )

    async def is_empty(self, manifest: Manifest) -> bool:
        """Return whether there is nothing that would be lost.

        Raises:
            BackupFailed: the bucket does not answer as it should.
        """
        if isinstance(self._store, FileStore):
            directories = [self._store.root / shelf for shelf in SHELVES]
            return not any(path.is_dir() and any(path.iterdir()) for path in directories)
        if manifest.bucket is not None:
            return True  # what is in the bucket is what this backup speaks of
        try:
            for shelf in SHELVES:
                async for groups in self._store.list_pictures(Shelf(shelf)):
                    if groups:
                        return False
        except StorageUnavailable as error:
            raise BackupFailed(f"The bucket: {error}") from error
        return True

    async def restore(self, backup: Path, digests: Mapping[str, str | None]) -> None:
        """Put the pictures in place; each is the one that was backed up, or this fails.

        What a bucket has of its own besides is left to cleanup.

        Raises:
            BackupFailed: one is a link, another picture, or does not come back from the bucket.
        """
        pictures = {name: sha for name, sha in digests.items() if name.startswith(f"{MEDIA}/")}
        if isinstance(self._store, FileStore):
            await asyncio.to_thread(_into_files, self._store, backup, pictures)
            return
        left = iter(pictures.items())

        async def bring() -> None:
            for name, sha256 in left:
                await self._into_bucket(backup / name, _key_of(name), sha256)

        tasks = [asyncio.create_task(bring()) for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*tasks)
        except StorageUnavailable as error:
            raise BackupFailed(f"The bucket: {error}") from error
        finally:
            await end_tasks(*tasks)

    async def _into_bucket(self, source: Path, key: MediaKey, sha256: str | None) -> None:
        copy = self._store.scratch.path(f"{uuid4()}.restored")
        try:
            digest = await asyncio.to_thread(copy_checked, source, copy, sha256)
            await self._store.adopt({key: copy})
        finally:
            await asyncio.to_thread(copy.unlink, missing_ok=True)
        try:
            there = await stored_digest(self._store, key)
        except FileNotFoundError as error:
            raise BackupFailed(f"{key} has been removed from the bucket meanwhile.") from error
        if there != digest:
            raise BackupFailed(f"{key} is not the same in the bucket.")


def _into_files(store: FileStore, backup: Path, pictures: Mapping[str, str | None]) -> None:
    for shelf in SHELVES:
        target = store.root / shelf
        if target.is_dir():
            shutil.rmtree(target)
    store.create()
    for name, sha256 in pictures.items():
        path = store.root / name.removeprefix(f"{MEDIA}/")
        path.parent.mkdir(mode=0o750, exist_ok=True)
        copy_checked(backup / name, path, sha256)
        path.chmod(0o640)
    os.sync()


def _key_of(name: str) -> MediaKey:
    _, shelf, id_, file = name.split("/")
    return MediaKey(Shelf(shelf), UUID(id_), file)
