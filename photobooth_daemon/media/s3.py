"""The media store as a bucket that the daemons of any number of hosts share.

Objects are there, whole, before the row that speaks of them, and go after it; what a crash
leaves between the two is an orphan for cleanup. Scratch and the template cache are this host's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from cachetools import LRUCache

from photobooth_daemon.config.media import S3Config
from photobooth_daemon.errors import StorageUnavailable
from photobooth_daemon.media.files import full_disk_named
from photobooth_daemon.media.keys import (
    PREVIEW_NAMES,
    TEMPLATE_PREVIEW_TYPE,
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
from photobooth_daemon.media.listing import StoredThing
from photobooth_daemon.media.s3_body import body_of
from photobooth_daemon.media.s3_client import S3Client
from photobooth_daemon.media.s3_listing import BucketListing
from photobooth_daemon.media.s3_object import OpenedObject
from photobooth_daemon.media.s3_removal import BucketRemoval
from photobooth_daemon.media.scratch import Scratch
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.media.template_cache import TemplateCache
from photobooth_daemon.media.threads import StoreThreads
from photobooth_daemon.model import MB, PictureBytes
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.tasks import InFlight, end_tasks

K = TypeVar("K")
V = TypeVar("V")

AT_ONCE = 16
FEW_KEYS = 8
PROOF_SECONDS = 2.5
PROVED_SECONDS = 10.0
KNOWN_PREVIEWS = 10_000
PROBE = "scratch/probe"
RETIRED = "retired"


class S3Store(MediaStore):
    """Keeps objects; a caller that is cancelled cancels what it asked for, but for a result."""

    locks_everybody = False
    is_elsewhere = True

    def __init__(self, root: Path, config: S3Config, *, threads: int = 4) -> None:
        """Open nothing yet.

        Raises:
            ConfigError: botocore is not installed, or the file of authorities is none.
        """
        self._client = S3Client(config)
        self._threads = StoreThreads(threads)
        super().__init__(Scratch(root, self._threads))
        self._prefix = config.prefix
        self._templates = TemplateCache(
            root / "cache", self.local_copy, kept_bytes=config.template_cache_mb * MB
        )
        self._preview_types: LRUCache[UUID, str] = LRUCache(KNOWN_PREVIEWS)
        self._proved_at = float("-inf")
        self._listing = BucketListing(self._client, config.prefix)
        self._removal = BucketRemoval(self._client)
        self._in_flight = InFlight()
        self._storing: dict[UUID, asyncio.Task[None]] = {}

    def create(self) -> None:
        """Make sure that this host's directories exist; blocks."""
        self._scratch.create()
        self._templates.create()

    async def prove_writable(self) -> None:
        """Write and remove a file here, and every few seconds an object there."""
        await self._scratch.prove_writable()
        if time.monotonic() - self._proved_at < PROVED_SECONDS:
            return
        try:
            async with asyncio.timeout(PROOF_SECONDS):
                key, body = self._prefix + PROBE, await body_of(b"probe")
                await self._client.put(key, body, "text/plain", patient=False)
                await self._removal.remove([key])
        except TimeoutError as error:
            raise StorageUnavailable("The store does not answer in time.") from error
        self._proved_at = time.monotonic()

    async def close(self) -> None:
        """Break off what is still being stored, close the connections, and end the threads."""
        await self._in_flight.drain(0)
        await self._client.close()
        await asyncio.to_thread(self._threads.close)

    def certificate_ends(self) -> int | None:
        """Return the end of the one that the last new connection was shown."""
        return self._client.certificate_ends()

    # Reading

    async def open(self, key: MediaKey, *, whole: bool = True) -> OpenedObject:
        """Ask for the object, or for its size where a part of it is going to be asked for."""
        return await OpenedObject.open(self._client, self._name(key), whole=whole)

    async def read(self, key: MediaKey) -> bytes:
        """Return the object's bytes."""
        opened = await self.open(key)
        try:
            return b"".join([block async for block in opened.blocks(0, opened.size_bytes)])
        finally:
            opened.close()

    async def find_size(self, key: MediaKey) -> int | None:
        """Return the object's size."""
        return await self._client.find_size(self._name(key))

    async def list_missing(self, keys: Sequence[MediaKey]) -> set[MediaKey]:
        """Return those without an object; many are looked up in a listing of the bucket."""
        doubtful = list(keys)
        if len(keys) > FEW_KEYS:
            there = await self._listing.hashes()
            doubtful = [key for key in keys if hash(self._name(key)) not in there]
        # What the listing has not may have been stored since.
        sizes = await self._each(self.find_size, doubtful)
        return {key for key, size in zip(doubtful, sizes, strict=True) if size is None}

    @asynccontextmanager
    async def local_copy(self, key: MediaKey) -> AsyncIterator[Path]:
        """Give a copy in scratch, which goes with the block unless it has been moved."""
        path = self._scratch.path(f"{uuid4()}.copy")
        opened = await self.open(key)
        try:
            with full_disk_named(), await asyncio.to_thread(path.open, "xb") as file:
                async for block in opened.blocks(0, opened.size_bytes):
                    await asyncio.to_thread(file.write, block)
            yield path
        finally:
            opened.close()
            await asyncio.to_thread(path.unlink, missing_ok=True)

    # Results

    async def store_result(self, job_id: UUID, picture: PictureBytes, preview: bytes) -> None:
        """Store both objects at once; a cancelled caller leaves the work running.

        What is broken off may reach the bucket all the same, and later than its removal.
        """
        work = self._in_flight.start(self._store_both(job_id, picture, preview), f"result {job_id}")
        self._storing[job_id] = work
        work.add_done_callback(lambda _: self._storing.pop(job_id, None))
        await asyncio.wait([work])
        await work

    async def _store_both(self, job_id: UUID, picture: PictureBytes, preview: bytes) -> None:
        key = result_key(job_id, picture.content_type)
        puts = [
            asyncio.create_task(self._put(key, picture.data, picture.content_type)),
            asyncio.create_task(self._put(preview_key(job_id), preview, "image/jpeg")),
        ]
        try:
            # One that fails waits for the other: what came there late could not be removed.
            ends = await asyncio.gather(*puts, return_exceptions=True)
        finally:
            await end_tasks(*puts)
        for end in ends:
            if end is not None:
                raise end
        self._preview_types[job_id] = "image/jpeg"

    async def find_result(self, job_id: UUID) -> MediaKey | None:
        """Return the first that the bucket lists."""
        names = {item.key for item in await self._listing.of(Shelf.RESULTS, job_id)}
        keys = (result_key(job_id, kind) for kind in EXTENSIONS)
        return next((key for key in keys if self._name(key) in names), None)

    async def find_preview(self, job_id: UUID) -> tuple[MediaKey, str] | None:
        """Return the first that the bucket lists; which one it is does not change."""
        kind = self._preview_types.get(job_id)
        if kind is None:
            names = {item.key for item in await self._listing.of(Shelf.RESULTS, job_id)}
            there = (k for k in PREVIEW_NAMES if self._name(preview_key(job_id, k)) in names)
            kind = next(there, None)
            if kind is None:
                return None
            self._preview_types[job_id] = kind
        return preview_key(job_id, kind), kind

    async def remove_result(self, job_id: UUID) -> int:
        """Remove both objects at once, once they are there if they are being stored."""
        storing = self._storing.get(job_id)
        if storing is not None:
            await asyncio.wait([storing])
        self._preview_types.pop(job_id, None)
        return await self._remove(Shelf.RESULTS, job_id)

    # Originals

    async def keep_original(self, job_id: UUID, photo: Path, content_type: str) -> None:
        """Send the photo's file."""
        await self._put(original_key(job_id, content_type), photo, content_type)

    async def remove_original(self, job_id: UUID) -> int:
        """Remove the object."""
        return await self._remove(Shelf.ORIGINALS, job_id)

    # Providers' inputs

    async def store_provider_input(self, media_id: UUID, data: bytes, content_type: str) -> None:
        """Store the object."""
        await self._put(provider_key(media_id), data, content_type)

    async def remove_provider_input(self, media_id: UUID) -> int:
        """Remove the object."""
        return await self._remove(Shelf.PROVIDER, media_id)

    # Template media

    async def store_template(
        self, media_id: UUID, upload: Path, content_type: str, preview: bytes
    ) -> None:
        """Send the upload and its preview."""
        await self._put(template_preview_key(media_id), preview, TEMPLATE_PREVIEW_TYPE)
        await self._put(template_key(media_id, content_type), upload, content_type)

    async def template_file(self, media_id: UUID, content_type: str) -> Path:
        """Return the file in this host's cache."""
        key = template_key(media_id, content_type)
        try:
            return await self._templates.get(key)
        except FileNotFoundError:
            return self._templates.path_of(key)

    async def retire_template(self, media_id: UUID) -> None:
        """Lay a young object beside it: the youngest tells how old they all are."""
        await self._put(MediaKey(Shelf.TEMPLATES, media_id, RETIRED), b"", "text/plain")

    async def remove_template(self, media_id: UUID) -> int:
        """Remove everything of it at once, and this host's copy."""
        freed = await self._remove(Shelf.TEMPLATES, media_id)
        await self._templates.forget(media_id)
        return freed

    # For cleanup, and for the proof of what is kept

    async def list_present(self, job_ids: Sequence[UUID]) -> dict[Shelf, set[UUID]]:
        """Return which of these jobs have objects on each of the two shelves."""
        present = {}
        for shelf in (Shelf.RESULTS, Shelf.ORIGINALS):
            found = await self._each(partial(self._has_any, shelf), job_ids)
            present[shelf] = {id_ for id_, there in zip(job_ids, found, strict=True) if there}
        return present

    async def list_shelf(self, shelf: Shelf) -> AsyncIterator[list[StoredThing]]:
        """Yield what the bucket lists, the objects of one id as one thing."""
        if shelf is Shelf.SCRATCH:
            async for entries in self._scratch.entries():
                yield entries
            return
        async for things in self._listing.things(shelf):
            yield things

    async def remove_thing(self, thing: StoredThing) -> int:
        """Remove the objects of one id, or what lies in scratch."""
        if thing.shelf is Shelf.SCRATCH:
            return await self._scratch.remove(thing)
        if thing.shelf is Shelf.TEMPLATES and thing.id is not None:
            return await self.remove_template(thing.id)
        return await self._remove_named(thing.shelf, thing.name)

    async def remove_things(self, things: Sequence[StoredThing]) -> dict[StoredThing, OSError]:
        """Remove the very objects that were listed, a thousand at a time."""
        kept = await super().remove_things([thing for thing in things if not thing.objects])
        for thing in things:
            if thing.shelf is Shelf.TEMPLATES and thing.id is not None:
                await self._templates.forget(thing.id)
        objects = {name: thing for thing in things for name in thing.objects}
        refused = await self._removal.try_to_remove(list(objects))
        return kept | {objects[name]: error for name, error in refused.items()}

    async def remove_many(self, keys: Sequence[MediaKey]) -> dict[MediaKey, OSError]:
        """Remove exactly these objects, a thousand at a time."""
        names = {self._name(key): key for key in keys}
        for key in keys:
            self._preview_types.pop(key.id, None)
        kept = await self._removal.try_to_remove(list(names))
        return {names[name]: error for name, error in kept.items()}

    # For moving to another store

    async def list_pictures(self, shelf: Shelf) -> AsyncIterator[list[dict[MediaKey, int]]]:
        """Yield what the bucket lists."""
        async for groups in self._listing.pictures(shelf):
            yield groups

    async def adopt(self, files: Mapping[MediaKey, Path]) -> None:
        """Store them; what is there already under this name is the same."""
        for key, path in files.items():
            await self._put(key, path, type_of(key) or "application/octet-stream")

    def _name(self, key: MediaKey) -> str:
        return f"{self._prefix}{key}"

    async def _put(self, key: MediaKey, source: bytes | Path, content_type: str) -> None:
        await self._client.put(self._name(key), await body_of(source), content_type)

    async def _remove(self, shelf: Shelf, id_: UUID) -> int:
        return await self._remove_named(shelf, str(id_))

    async def _remove_named(self, shelf: Shelf, name: str) -> int:
        found = await self._listing.named(shelf, name)
        await self._removal.remove([item.key for item in found])
        return sum(item.size_bytes for item in found)

    async def _has_any(self, shelf: Shelf, id_: UUID) -> bool:
        return bool(await self._listing.of(shelf, id_, most=1))

    async def _each(self, ask: Callable[[K], Awaitable[V]], subjects: Sequence[K]) -> list[V]:
        """Return the answers in the order of the questions, a few of which are asked at once."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(subject: K) -> V:
            async with places:
                return await ask(subject)

        return list(await asyncio.gather(*(one(subject) for subject in subjects)))
