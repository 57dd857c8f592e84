"""The pictures of a backup on their way back, into files or into a bucket."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from photobooth_daemon.errors import BackupFailed, StorageUnavailable
from photobooth_daemon.housekeeping.backup.contents import copy_checked, digest_of
from photobooth_daemon.housekeeping.backup.manifest import MEDIA, SHELVES, Manifest
from photobooth_daemon.media.both_stores import BothStores
from photobooth_daemon.media.copy import stored_digest
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.keys import MediaKey, Shelf
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.tasks import end_tasks

T = TypeVar("T")

AT_ONCE = 4


class RestoredPictures:
    """Where the pictures of a backup go to."""

    def __init__(self, media_store: MediaStore) -> None:
        self._store = media_store
        self._there: set[str] = set()

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

    async def loses_nothing(
        self, manifest: Manifest, backup: Path, digests: Mapping[str, str | None]
    ) -> bool:
        """Return whether there is nothing here but what an earlier try has brought to the bucket.

        Raises:
            BackupFailed: the bucket does not answer as it should.
        """
        if isinstance(self._store, FileStore):
            directories = [self._store.root / shelf for shelf in SHELVES]
            return not any(path.is_dir() and any(path.iterdir()) for path in directories)
        if manifest.bucket is not None:
            return True  # what is in the bucket is what this backup speaks of
        pictures = _pictures_of(digests)
        try:
            for shelf in SHELVES:
                async for groups in self._store.list_pictures(Shelf(shelf)):
                    names = {f"{MEDIA}/{key}" for group in groups for key in group}
                    if not names <= pictures.keys():
                        return False
                    ours = {name: pictures[name] for name in names}
                    if not all(await _for_each(ours, partial(self._is_there, backup))):
                        return False
        except StorageUnavailable as error:
            raise BackupFailed(f"The bucket: {error}") from error
        return True

    async def restore(self, backup: Path, digests: Mapping[str, str | None]) -> None:
        """Put the pictures in place; each is the one that was backed up, or this fails.

        What an earlier try has brought to a bucket already stays there, and what a bucket has of
        its own besides is left to cleanup.

        Raises:
            BackupFailed: one is a link, another picture, or does not come back from the bucket.
        """
        pictures = _pictures_of(digests)
        if isinstance(self._store, FileStore):
            await asyncio.to_thread(_into_files, self._store, backup, pictures)
            return
        try:
            await _for_each(pictures, partial(self._into_bucket, backup))
        except StorageUnavailable as error:
            raise BackupFailed(f"The bucket: {error}") from error

    async def _into_bucket(self, backup: Path, name: str, sha256: str | None) -> None:
        if await self._is_there(backup, name, sha256):
            return
        key = _key_of(name)
        copy = self._store.scratch.path(f"{uuid4()}.restored")
        try:
            digest = await asyncio.to_thread(copy_checked, backup / name, copy, sha256)
            await self._store.adopt({key: copy})
        finally:
            await asyncio.to_thread(copy.unlink, missing_ok=True)
        try:
            there = await stored_digest(self._store, key)
        except FileNotFoundError as error:
            raise BackupFailed(f"{key} has been removed from the bucket meanwhile.") from error
        if there != digest:
            raise BackupFailed(f"{key} is not the same in the bucket.")
        self._there.add(name)

    async def _is_there(self, backup: Path, name: str, sha256: str | None) -> bool:
        """Return whether the bucket has this very picture; it is read for it once."""
        if name in self._there:
            return True
        digest = sha256 or await asyncio.to_thread(digest_of, backup / name)
        try:
            there = await stored_digest(self._store, _key_of(name))
        except FileNotFoundError:
            return False
        if there == digest:
            self._there.add(name)
        return there == digest


async def _for_each(
    pictures: Mapping[str, str | None], work: Callable[[str, str | None], Awaitable[T]]
) -> list[T]:
    """Return what the work makes of each picture, a few of them at once."""
    left = iter(pictures.items())
    made: list[T] = []

    async def some() -> None:
        for name, sha256 in left:
            made.append(await work(name, sha256))

    tasks = [asyncio.create_task(some()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        await end_tasks(*tasks)
    return made


def _pictures_of(digests: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: sha256 for name, sha256 in digests.items() if name.startswith(f"{MEDIA}/")}


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
