"""Two stores as one, while an installation moves from files to a bucket or back.

What is new goes to the first. What was there before is found in the second until it has been
copied, and what is removed is removed from both. Neither is asked more than it takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

from photobooth_daemon.media.keys import MediaKey, Shelf
from photobooth_daemon.media.listing import StoredThing
from photobooth_daemon.media.store import MediaStore, OpenedMedia
from photobooth_daemon.model import PictureBytes


class BothStores(MediaStore):
    """The first store, with the second behind it for reading and removing."""

    def __init__(self, first: MediaStore, second: MediaStore) -> None:
        super().__init__(first.scratch)
        self.first = first
        self.second = second
        self.is_elsewhere = first.is_elsewhere
        self.locks_everybody = first.locks_everybody and second.locks_everybody

    def create(self) -> None:
        """Make sure of both stores' directories."""
        self.first.create()
        self.second.create()

    async def prove_writable(self) -> None:
        """Write to the first; the second is not written to."""
        await self.first.prove_writable()

    async def close(self) -> None:
        """Close both."""
        await self.first.close()
        await self.second.close()

    def certificate_ends(self) -> int | None:
        """Return the end of the one that has any: no more than one of them is elsewhere."""
        return self.first.certificate_ends() or self.second.certificate_ends()

    # Reading

    async def open(self, key: MediaKey, *, whole: bool = True) -> OpenedMedia:
        """Open it where it is."""
        try:
            return await self.first.open(key, whole=whole)
        except FileNotFoundError:
            return await self.second.open(key, whole=whole)

    async def read(self, key: MediaKey) -> bytes:
        """Read it where it is."""
        try:
            return await self.first.read(key)
        except FileNotFoundError:
            return await self.second.read(key)

    async def find_size(self, key: MediaKey) -> int | None:
        """Return the size that the first, or else the second, has of it."""
        found = await self.first.find_size(key)
        return await self.second.find_size(key) if found is None else found

    async def list_missing(self, keys: Sequence[MediaKey]) -> set[MediaKey]:
        """Return what neither has."""
        missing = await self.first.list_missing(keys)
        return await self.second.list_missing(list(missing)) if missing else missing

    @asynccontextmanager
    async def local_copy(self, key: MediaKey) -> AsyncIterator[Path]:
        """Give a copy of it from where it is."""
        async with AsyncExitStack() as stack:
            try:
                path = await stack.enter_async_context(self.first.local_copy(key))
                await asyncio.to_thread(path.stat)
            except FileNotFoundError:
                path = await stack.enter_async_context(self.second.local_copy(key))
            yield path

    # Results

    async def store_result(self, job_id: UUID, picture: PictureBytes, preview: bytes) -> None:
        """Store it in the first."""
        await self.first.store_result(job_id, picture, preview)

    async def find_result(self, job_id: UUID) -> MediaKey | None:
        """Return what the first, or else the second, has."""
        return await self.first.find_result(job_id) or await self.second.find_result(job_id)

    async def find_preview(self, job_id: UUID) -> tuple[MediaKey, str] | None:
        """Return what the first, or else the second, has."""
        return await self.first.find_preview(job_id) or await self.second.find_preview(job_id)

    async def remove_result(self, job_id: UUID) -> int:
        """Remove it from both."""
        freed = await self.first.remove_result(job_id)
        return freed + await self.second.remove_result(job_id)

    # Originals

    async def keep_original(self, job_id: UUID, photo: Path, content_type: str) -> None:
        """Keep it in the first."""
        await self.first.keep_original(job_id, photo, content_type)

    async def remove_original(self, job_id: UUID) -> int:
        """Remove it from both."""
        freed = await self.first.remove_original(job_id)
        return freed + await self.second.remove_original(job_id)

    # Providers' inputs

    async def store_provider_input(self, media_id: UUID, data: bytes, content_type: str) -> None:
        """Store it in the first."""
        await self.first.store_provider_input(media_id, data, content_type)

    async def remove_provider_input(self, media_id: UUID) -> int:
        """Remove it from both."""
        freed = await self.first.remove_provider_input(media_id)
        return freed + await self.second.remove_provider_input(media_id)

    # Template media

    async def store_template(
        self, media_id: UUID, upload: Path, content_type: str, preview: bytes
    ) -> None:
        """Store it in the first."""
        await self.first.store_template(media_id, upload, content_type, preview)

    async def template_file(self, media_id: UUID, content_type: str) -> Path:
        """Return the file that the first, or else the second, has."""
        path = await self.first.template_file(media_id, content_type)
        if await asyncio.to_thread(path.exists):
            return path
        return await self.second.template_file(media_id, content_type)

    async def retire_template(self, media_id: UUID) -> None:
        """Make it young wherever it is."""
        await self.first.retire_template(media_id)
        await self.second.retire_template(media_id)

    async def remove_template(self, media_id: UUID) -> int:
        """Remove it from both."""
        freed = await self.first.remove_template(media_id)
        return freed + await self.second.remove_template(media_id)

    # For cleanup, and for the proof of what is kept

    async def list_present(self, job_ids: Sequence[UUID]) -> dict[Shelf, set[UUID]]:
        """Return what either has."""
        first = await self.first.list_present(job_ids)
        second = await self.second.list_present(job_ids)
        return {shelf: first[shelf] | second[shelf] for shelf in first}

    async def list_shelf(self, shelf: Shelf) -> AsyncIterator[list[StoredThing]]:
        """Yield what lies in the first, then what lies in the second; scratch is the same."""
        async for things in self.first.list_shelf(shelf):
            yield things
        if shelf is not Shelf.SCRATCH:
            async for things in self.second.list_shelf(shelf):
                yield things

    async def list_pictures(self, shelf: Shelf) -> AsyncIterator[list[dict[MediaKey, int]]]:
        """Yield what is in the first, then what is in the second."""
        for store in (self.first, self.second):
            async for groups in store.list_pictures(shelf):
                yield groups

    async def remove_thing(self, thing: StoredThing) -> int:
        """Remove it from both; of scratch there is one."""
        freed = await self.first.remove_thing(thing)
        if thing.shelf is not Shelf.SCRATCH:
            freed += await self.second.remove_thing(thing)
        return freed

    async def remove_things(self, things: Sequence[StoredThing]) -> dict[StoredThing, OSError]:
        """Remove it from both; of scratch there is one."""
        kept = await self.first.remove_things(things)
        others = [thing for thing in things if thing.shelf is not Shelf.SCRATCH]
        return await self.second.remove_things(others) | kept

    async def remove_many(self, keys: Sequence[MediaKey]) -> dict[MediaKey, OSError]:
        """Remove them from both."""
        kept = await self.first.remove_many(keys)
        return await self.second.remove_many(keys) | kept

    async def adopt(self, files: Mapping[MediaKey, Path]) -> None:
        """Put them into the first."""
        await self.first.adopt(files)
