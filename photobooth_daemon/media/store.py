"""The media tree: uploads in flight, providers' inputs, results, template media.

    scratch/{upload_id}                     in flight; anything stale here is rubbish
    provider/{media_id}                     a photo that a provider may fetch
    results/{job_id}/result.{ext}           appears by one rename, complete or not at all
    results/{job_id}/preview.jpg            (.webp in results of the first versions)
    originals/{job_id}/photo.{ext}          the photo as it came, where an event keeps it
    templates/{media_id}/original.{ext}     the same
    templates/{media_id}/preview.webp

Paths are built from ids alone, so no name from outside reaches the disk. All
blocking work runs in threads of this module's own; what was begun is ended even
if nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar, TypeVarTuple
from uuid import UUID, uuid4

from photobooth_daemon.media.files import (
    create_directory,
    publish_directory,
    publish_link,
    remove_directory,
    remove_path,
    size_of,
    write_file,
)
from photobooth_daemon.media.scratch_file import ScratchFile, WrittenFile
from photobooth_daemon.model import PictureBytes
from photobooth_daemon.pictures.headers import EXTENSIONS

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

PREVIEW_NAMES = {"image/jpeg": "preview.jpg", "image/webp": "preview.webp"}
"""A result's preview has been a JPEG since WEBP proved six times as dear; older ones live on."""
TEMPLATE_PREVIEW_NAME = "preview.webp"
BATCH_SIZE = 200

log = logging.getLogger(__name__)


class Shelf(StrEnum):
    """A directory of the tree."""

    SCRATCH = "scratch"
    PROVIDER = "provider"
    RESULTS = "results"
    ORIGINALS = "originals"
    TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class StoredThing:
    """One entry of a shelf, as a listing found it. ``id`` is None for a name of nobody's."""

    shelf: Shelf
    id: UUID | None
    path: Path
    size_bytes: int
    modified_at: datetime


class MediaStore:
    """Keeps files under one root that all processes of the daemon may share."""

    def __init__(self, root: Path, *, threads: int = 4) -> None:
        self._root = root
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="media")
        self._storing: dict[UUID, asyncio.Future[None]] = {}

    @property
    def root(self) -> Path:
        """Return where the tree stands."""
        return self._root

    def create_tree(self) -> None:
        """Make sure that the tree's directories exist, for us and our group alone; blocks.

        A root that is there already keeps the mode that its owner gave it.
        """
        if not self._root.exists():
            create_directory(self._root)
        for shelf in Shelf:
            create_directory(self._root / shelf)

    def close(self) -> None:
        """End the threads, after what they are doing."""
        self._pool.shutdown()

    def free_bytes(self) -> int:
        """Return what the file system still takes; one cheap system call."""
        figures = os.statvfs(self._root)
        return figures.f_bavail * figures.f_frsize

    def open_scratch(self, upload_id: UUID) -> ScratchFile:
        """Return a file to stream an upload into; it is created with its first block."""
        return ScratchFile(self._root / Shelf.SCRATCH / str(upload_id), self._in_thread)

    # Results

    async def store_result(self, job_id: UUID, picture: PictureBytes, preview: bytes) -> None:
        """Store a result and its JPEG preview so that it survives a power cut, and only as a whole.

        A caller that is cancelled leaves the work running; ``remove_result`` waits for it.

        Raises:
            StorageFull: the disk is full; nothing is left behind.
        """
        files: dict[str, bytes | Path] = {
            f"result.{EXTENSIONS[picture.content_type]}": picture.data,
            PREVIEW_NAMES["image/jpeg"]: preview,
        }
        staging = self._root / Shelf.SCRATCH / f"{job_id}.result"
        target = self._root / Shelf.RESULTS / str(job_id)
        work = self._begun(publish_directory, staging, target, files)
        self._storing[job_id] = work
        work.add_done_callback(lambda _: self._storing.pop(job_id, None))
        await asyncio.shield(work)

    def result_path(self, job_id: UUID, content_type: str) -> Path:
        """Return where a result of this type is, or would be."""
        name = f"result.{EXTENSIONS[content_type]}"
        return self._root / Shelf.RESULTS / str(job_id) / name

    def preview_path(self, job_id: UUID, content_type: str = "image/jpeg") -> Path:
        """Return where a result's preview of this type is, or would be."""
        return self._root / Shelf.RESULTS / str(job_id) / PREVIEW_NAMES[content_type]

    def find_preview(self, job_id: UUID) -> tuple[Path, str] | None:
        """Return a stored preview's path and content type, or None; blocks."""
        for content_type in PREVIEW_NAMES:
            path = self.preview_path(job_id, content_type)
            if path.is_file():
                return path, content_type
        return None

    async def find_result(self, job_id: UUID) -> Path | None:
        """Return the stored result's path whatever its type, or None."""
        return await self._in_thread(self._find_result, job_id)

    async def remove_result(self, job_id: UUID) -> int:
        """Remove a result and its preview at once; return the bytes freed, 0 if there was none."""
        storing = self._storing.get(job_id)
        if storing is not None:
            await asyncio.wait([storing])
        return await self._in_thread(
            remove_directory, self._root / Shelf.RESULTS / str(job_id), self._aside()
        )

    # Originals

    async def keep_original(self, job_id: UUID, photo: Path, content_type: str) -> None:
        """Keep the photo that came, beside what is made of it; survives a power cut.

        Raises:
            StorageFull: the disk is full; nothing is left behind.
        """
        staging = self._root / Shelf.SCRATCH / f"{job_id}.original"
        target = self._root / Shelf.ORIGINALS / str(job_id)
        name = f"photo.{EXTENSIONS[content_type]}"
        await self._in_thread(publish_link, staging, target, name, photo)

    async def copy_original(
        self, job_id: UUID, content_type: str, scratch: ScratchFile
    ) -> WrittenFile:
        """Copy a kept photo into scratch, to be worked on as if it had just arrived.

        Raises:
            FileNotFoundError: it is not kept any more.
            StorageFull: the disk is full.
        """
        path = self.original_path(job_id, content_type)
        data = await self._in_thread(path.read_bytes)
        await scratch.write(data)
        return await scratch.close()

    def original_path(self, job_id: UUID, content_type: str) -> Path:
        """Return where a job's photo of this type is, or would be."""
        return self._root / Shelf.ORIGINALS / str(job_id) / f"photo.{EXTENSIONS[content_type]}"

    async def remove_original(self, job_id: UUID) -> int:
        """Remove a job's photo; return the bytes freed, 0 if there was none."""
        return await self._in_thread(
            remove_directory, self._root / Shelf.ORIGINALS / str(job_id), self._aside()
        )

    # Providers' inputs

    async def store_provider_input(self, media_id: UUID, data: bytes) -> None:
        """Store a photo for a provider to fetch.

        Raises:
            StorageFull: the disk is full.
        """
        await self._in_thread(lambda: write_file(self.provider_path(media_id), data, durable=False))

    def provider_path(self, media_id: UUID) -> Path:
        """Return where a provider's input is, or would be."""
        return self._root / Shelf.PROVIDER / str(media_id)

    async def remove_provider_input(self, media_id: UUID) -> int:
        """Remove a provider's input; return the bytes freed, 0 if there was none."""
        return await self._in_thread(remove_path, self.provider_path(media_id))

    # Template media

    async def store_template(
        self, media_id: UUID, upload: Path, content_type: str, preview: bytes
    ) -> None:
        """Store template media from a scratch file, which is moved, and its preview.

        Raises:
            StorageFull: the disk is full.
        """
        files: dict[str, bytes | Path] = {
            f"original.{EXTENSIONS[content_type]}": upload,
            TEMPLATE_PREVIEW_NAME: preview,
        }
        staging = self._root / Shelf.SCRATCH / f"{media_id}.template"
        target = self._root / Shelf.TEMPLATES / str(media_id)
        await self._in_thread(publish_directory, staging, target, files)

    def template_path(self, media_id: UUID, content_type: str) -> Path:
        """Return where template media of this type is, or would be."""
        name = f"original.{EXTENSIONS[content_type]}"
        return self._root / Shelf.TEMPLATES / str(media_id) / name

    def template_preview_path(self, media_id: UUID) -> Path:
        """Return where the preview of template media is, or would be."""
        return self._root / Shelf.TEMPLATES / str(media_id) / TEMPLATE_PREVIEW_NAME

    async def retire_template(self, media_id: UUID) -> None:
        """Make a template's directory young: cleanup spares it while a photo may still read it."""
        with suppress(FileNotFoundError):
            await self._in_thread(os.utime, self._root / Shelf.TEMPLATES / str(media_id))

    async def remove_template(self, media_id: UUID) -> int:
        """Remove template media and its preview at once; return the bytes freed."""
        return await self._in_thread(
            remove_directory, self._root / Shelf.TEMPLATES / str(media_id), self._aside()
        )

    # For cleanup, and for the proof of what is kept

    async def list_present(self, job_ids: Sequence[UUID]) -> dict[Shelf, set[UUID]]:
        """Return which of these jobs have a result, and which an original."""
        return await self._in_thread(self._present, job_ids)

    async def list_shelf(self, shelf: Shelf) -> AsyncIterator[list[StoredThing]]:
        """Yield what lies on a shelf, a batch at a time, in no order."""
        names = await self._in_thread(os.listdir, self._root / shelf)
        for start in range(0, len(names), BATCH_SIZE):
            yield await self._in_thread(self._found, shelf, names[start : start + BATCH_SIZE])

    async def remove_thing(self, thing: StoredThing) -> int:
        """Remove what a listing found; return the bytes freed, 0 if it has gone meanwhile."""
        return await self._in_thread(self._remove_thing, thing)

    def _remove_thing(self, thing: StoredThing) -> int:
        published = thing.shelf in (Shelf.RESULTS, Shelf.ORIGINALS, Shelf.TEMPLATES)
        if published and thing.path.is_dir() and not thing.path.is_symlink():
            return remove_directory(thing.path, self._aside())
        return remove_path(thing.path)

    def _find_result(self, job_id: UUID) -> Path | None:
        paths = (self.result_path(job_id, content_type) for content_type in EXTENSIONS)
        return next((path for path in paths if path.is_file()), None)

    def _present(self, job_ids: Sequence[UUID]) -> dict[Shelf, set[UUID]]:
        return {
            shelf: {id_ for id_ in job_ids if (self._root / shelf / str(id_)).exists()}
            for shelf in (Shelf.RESULTS, Shelf.ORIGINALS)
        }

    def _aside(self) -> Path:
        return self._root / Shelf.SCRATCH / f"{uuid4()}.removed"

    def _found(self, shelf: Shelf, names: Sequence[str]) -> list[StoredThing]:
        things = []
        for name in names:
            path = self._root / shelf / name
            try:
                modified = path.lstat().st_mtime
            except FileNotFoundError:
                continue
            except OSError:
                log.exception("an entry cannot be looked at", extra={"file": name})
                continue
            things.append(
                StoredThing(
                    shelf=shelf,
                    id=_id_of(name),
                    path=path,
                    size_bytes=size_of(path),
                    modified_at=datetime.fromtimestamp(modified, UTC),
                )
            )
        return things

    async def _in_thread(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.shield(self._begun(work, *args))

    def _begun(self, work: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        begun = asyncio.get_running_loop().run_in_executor(self._pool, work, *args)
        # Nobody may be left to see it fail; what matters then is only that it ended.
        begun.add_done_callback(lambda done: done.cancelled() or done.exception())
        return begun


def _id_of(name: str) -> UUID | None:
    """Return the id at the start of an entry's name, or None: only our own spelling counts."""
    text = name.partition(".")[0]
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None
