"""The media store as a tree of files below one root, which only this host's daemons share.

All blocking work runs in threads of the store's own; what was begun is ended even if nobody
waits for it any more.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

from photobooth_daemon.media.files import (
    create_directory,
    publish_directory,
    publish_link,
    remove_directory,
    remove_path,
    write_file,
)
from photobooth_daemon.media.keys import (
    PREVIEW_NAMES,
    MediaKey,
    Shelf,
    original_key,
    preview_key,
    provider_key,
    result_key,
    template_key,
    template_preview_key,
    type_of,
)
from photobooth_daemon.media.listing import BATCH_SIZE, StoredThing, look_at
from photobooth_daemon.media.opened_file import OpenedFile
from photobooth_daemon.media.scratch import Scratch
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.media.threads import StoreThreads
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.pictures.headers import EXTENSIONS


class FileStore(MediaStore):
    """Keeps files: each appears by one rename, complete or not at all."""

    sends_files = True

    def __init__(self, root: Path, *, threads: int = 4) -> None:
        self._threads = StoreThreads(threads)
        super().__init__(Scratch(root, self._threads))
        self._root = root
        self._storing: dict[UUID, asyncio.Future[None]] = {}

    @property
    def root(self) -> Path:
        """Return where the tree stands, for those who copy it as a whole."""
        return self._root

    def path_of(self, key: MediaKey) -> Path:
        """Return where a file is, or would be."""
        return self._root / str(key)

    def create(self) -> None:
        """Make sure that the tree's directories exist, for us and our group alone; blocks."""
        self._scratch.create()
        for shelf in Shelf:
            create_directory(self._root / shelf)

    async def prove_writable(self) -> None:
        """Write and remove a small file."""
        await self._scratch.prove_writable()

    async def close(self) -> None:
        """End the threads, after what they are doing."""
        await asyncio.to_thread(self._threads.close)

    # Reading

    async def open(self, key: MediaKey, *, whole: bool = True) -> OpenedFile:
        """Open the file; a few bytes of it cost no more than all."""
        # Not in the store's own few threads: a guest does not wait for a disk to sync.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, OpenedFile.open, self.path_of(key))

    async def read(self, key: MediaKey) -> bytes:
        """Return the file's bytes."""
        return await asyncio.to_thread(self.path_of(key).read_bytes)

    async def find_size(self, key: MediaKey) -> int | None:
        """Return the file's size."""
        return await asyncio.to_thread(_find_size, self.path_of(key))

    async def list_missing(self, keys: Sequence[MediaKey]) -> set[MediaKey]:
        """Return those without a file."""
        return await self._threads.run(self._missing, keys)

    @asynccontextmanager
    async def local_copy(self, key: MediaKey) -> AsyncIterator[Path]:
        """Give the file itself."""
        yield self.path_of(key)

    # Results

    async def store_result(self, job_id: UUID, picture: PictureBytes, preview: bytes) -> None:
        """Store both files, which appear at once; a cancelled caller leaves the work running."""
        files: dict[str, bytes | Path] = {
            result_key(job_id, picture.content_type).file: picture.data,
            preview_key(job_id).file: preview,
        }
        staging = self._scratch.path(f"{job_id}.result")
        work = self._threads.begin(
            publish_directory, staging, self._directory(Shelf.RESULTS, job_id), files
        )
        self._storing[job_id] = work
        work.add_done_callback(lambda _: self._storing.pop(job_id, None))
        await asyncio.shield(work)

    async def find_result(self, job_id: UUID) -> MediaKey | None:
        """Return the first that there is a file of."""
        return await self._threads.run(
            self._first, [result_key(job_id, kind) for kind in EXTENSIONS]
        )

    async def find_preview(self, job_id: UUID) -> tuple[MediaKey, str] | None:
        """Return the first that there is a file of."""
        kinds = {preview_key(job_id, kind): kind for kind in PREVIEW_NAMES}
        found = await asyncio.to_thread(self._first, list(kinds))
        return None if found is None else (found, kinds[found])

    async def remove_result(self, job_id: UUID) -> int:
        """Remove both files at once."""
        storing = self._storing.get(job_id)
        if storing is not None:
            await asyncio.wait([storing])
        return await self._remove_directory(Shelf.RESULTS, job_id)

    # Originals

    async def keep_original(self, job_id: UUID, photo: Path, content_type: str) -> None:
        """Give the photo's file a second name."""
        staging = self._scratch.path(f"{job_id}.original")
        target = self._directory(Shelf.ORIGINALS, job_id)
        name = original_key(job_id, content_type).file
        await self._threads.run(publish_link, staging, target, name, photo)

    async def remove_original(self, job_id: UUID) -> int:
        """Remove the file and its directory at once."""
        return await self._remove_directory(Shelf.ORIGINALS, job_id)

    # Providers' inputs

    async def store_provider_input(self, media_id: UUID, data: bytes, content_type: str) -> None:
        """Write a file; it need not survive a power cut."""
        path = self.path_of(provider_key(media_id))
        await self._threads.run(lambda: write_file(path, data, durable=False))

    async def remove_provider_input(self, media_id: UUID) -> int:
        """Remove the file."""
        return await self._threads.run(remove_path, self.path_of(provider_key(media_id)))

    # Template media

    async def store_template(
        self, media_id: UUID, upload: Path, content_type: str, preview: bytes
    ) -> None:
        """Move the upload in, beside its preview."""
        files: dict[str, bytes | Path] = {
            template_key(media_id, content_type).file: upload,
            template_preview_key(media_id).file: preview,
        }
        staging = self._scratch.path(f"{media_id}.template")
        target = self._directory(Shelf.TEMPLATES, media_id)
        await self._threads.run(publish_directory, staging, target, files)

    async def template_file(self, media_id: UUID, content_type: str) -> Path:
        """Return the file itself."""
        return self.path_of(template_key(media_id, content_type))

    async def retire_template(self, media_id: UUID) -> None:
        """Make the directory young."""
        with suppress(FileNotFoundError):
            await self._threads.run(os.utime, self._directory(Shelf.TEMPLATES, media_id))

    async def remove_template(self, media_id: UUID) -> int:
        """Remove both files at once."""
        return await self._remove_directory(Shelf.TEMPLATES, media_id)

    # For cleanup, and for the proof of what is kept

    async def list_present(self, job_ids: Sequence[UUID]) -> dict[Shelf, set[UUID]]:
        """Return which of these jobs have a directory on each of the two shelves."""
        return await self._threads.run(self._present, job_ids)

    async def list_shelf(self, shelf: Shelf) -> AsyncIterator[list[StoredThing]]:
        """Yield the entries of the shelf's directory."""
        names = await self._threads.run(os.listdir, self._root / shelf)
        for start in range(0, len(names), BATCH_SIZE):
            batch = names[start : start + BATCH_SIZE]
            yield await self._threads.run(look_at, self._root / shelf, shelf, batch)

    async def remove_thing(self, thing: StoredThing) -> int:
        """Remove an entry; a directory of pictures disappears at once."""
        return await self._threads.run(self._remove_thing, thing)

    # For moving to another store

    async def list_pictures(self, shelf: Shelf) -> AsyncIterator[list[dict[MediaKey, int]]]:
        """Yield what is in the shelf's directories."""
        async for things in self.list_shelf(shelf):
            ids = [thing.id for thing in things if thing.id is not None]
            yield await self._threads.run(self._pictures, shelf, ids)

    async def adopt(self, files: Mapping[MediaKey, Path]) -> None:
        """Move the files in, so that they appear at once."""
        first = next(iter(files))
        staging = self._scratch.path(f"{first.id}.adopted")
        target = self._directory(first.shelf, first.id)
        named: dict[str, bytes | Path] = {key.file: path for key, path in files.items()}
        await self._threads.run(publish_directory, staging, target, named)

    async def _remove_directory(self, shelf: Shelf, id_: UUID) -> int:
        return await self._threads.run(
            remove_directory, self._directory(shelf, id_), self._scratch.aside()
        )

    def _remove_thing(self, thing: StoredThing) -> int:
        path = self._root / thing.shelf / thing.name
        published = thing.shelf in (Shelf.RESULTS, Shelf.ORIGINALS, Shelf.TEMPLATES)
        if published and path.is_dir() and not path.is_symlink():
            return remove_directory(path, self._scratch.aside())
        return remove_path(path)

    def _directory(self, shelf: Shelf, id_: UUID) -> Path:
        return self._root / shelf / str(id_)

    def _pictures(self, shelf: Shelf, ids: Sequence[UUID]) -> list[dict[MediaKey, int]]:
        found = []
        for id_ in ids:
            # What has gone since it was listed is no picture any more.
            with suppress(FileNotFoundError, NotADirectoryError):
                names = sorted(os.listdir(self._directory(shelf, id_)))
                keys = (MediaKey(shelf, id_, name) for name in names)
                pictures = [key for key in keys if type_of(key) is not None]
                found.append({key: self.path_of(key).stat().st_size for key in pictures})
        return [pictures for pictures in found if pictures]

    def _first(self, keys: Sequence[MediaKey]) -> MediaKey | None:
        return next((key for key in keys if self.path_of(key).is_file()), None)

    def _missing(self, keys: Sequence[MediaKey]) -> set[MediaKey]:
        return {key for key in keys if not self.path_of(key).is_file()}

    def _present(self, job_ids: Sequence[UUID]) -> dict[Shelf, set[UUID]]:
        return {
            shelf: {id_ for id_ in job_ids if self._directory(shelf, id_).exists()}
            for shelf in (Shelf.RESULTS, Shelf.ORIGINALS)
        }


def _find_size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
