"""The media store: where pictures are kept, be it a tree of files or a bucket.

Nothing outside of this room knows where a picture lies; everybody else names it by its key.
What is missing raises ``FileNotFoundError`` and whatever else a store refuses is an ``OSError``,
whichever store it is. Photos on their way in are files of this host in any case.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol
from uuid import UUID

from photobooth_daemon.media.in_use import TreeUse
from photobooth_daemon.media.keys import MediaKey, Shelf, original_key
from photobooth_daemon.media.listing import StoredThing
from photobooth_daemon.media.scratch import DiskSpace, Scratch
from photobooth_daemon.media.scratch_file import ScratchFile, WrittenFile
from photobooth_daemon.model import PictureBytes


class OpenedMedia(Protocol):
    """A stored picture that can be read until it is closed; never more than a block is held."""

    size_bytes: int

    def blocks(self, first: int, length: int) -> AsyncGenerator[bytes, None]:
        """Yield a span of the picture, in order; less of it where it has been cut short."""

    def close(self) -> None:
        """Let go of it; what is being read ends."""


class MediaStore(ABC):
    """Keeps pictures for all processes of the daemon."""

    locks_everybody = True
    """Whether every daemon that keeps pictures here holds the lock of :meth:`tree_use`."""

    is_elsewhere = False
    """Whether it answers over a network, so that it is worth to be asked early."""

    sends_files = False
    """Whether a web server on this host may be told to send a key as a file."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    @property
    def scratch(self) -> Scratch:
        """Return the scratch directory of this host."""
        return self._scratch

    # This host's disk

    @abstractmethod
    def create(self) -> None:
        """Make sure that the directories on this host exist; blocks."""

    def space(self) -> DiskSpace:
        """Return how full this host's disk is.

        Raises:
            OSError: it cannot be looked at.
        """
        return self._scratch.space()

    def free_bytes(self) -> int:
        """Return what this host's disk still takes; one cheap system call."""
        return self._scratch.space().free_bytes

    def tree_use(self) -> TreeUse:
        """Return the lock that tells whether anybody uses this directory."""
        return self._scratch.tree_use()

    def open_scratch(self, upload_id: UUID) -> ScratchFile:
        """Return a file to stream an upload into; it is created with its first block."""
        return self._scratch.open(upload_id)

    @abstractmethod
    async def prove_writable(self) -> None:
        """Write and remove something small.

        Raises:
            OSError: the store refuses it.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything, after what is being done."""

    def certificate_ends(self) -> int | None:
        """Return when the TLS certificate ends that the store has shown, in seconds since 1970."""
        return None

    # Reading

    @abstractmethod
    async def open(self, key: MediaKey, *, whole: bool = True) -> OpenedMedia:
        """Return a picture to be read; ``whole`` tells whether all of it is going to be.

        Raises:
            FileNotFoundError: there is none of this name.
        """

    @abstractmethod
    async def read(self, key: MediaKey) -> bytes:
        """Return a small picture, whole.

        Raises:
            FileNotFoundError: there is none of this name.
        """

    @abstractmethod
    async def find_size(self, key: MediaKey) -> int | None:
        """Return how many bytes a picture has, or None if there is none."""

    @abstractmethod
    async def list_missing(self, keys: Sequence[MediaKey]) -> set[MediaKey]:
        """Return which of these are not there."""

    @abstractmethod
    def local_copy(self, key: MediaKey) -> AbstractAsyncContextManager[Path]:
        """Give a file of this host that holds a picture, for as long as the block runs.

        Raises:
            FileNotFoundError: there is none of this name.
        """

    # Results

    @abstractmethod
    async def store_result(self, job_id: UUID, picture: PictureBytes, preview: bytes) -> None:
        """Store a result and its JPEG preview so that both survive a power cut.

        A caller that is cancelled may leave the work running; ``remove_result`` waits for it.

        Raises:
            StorageFull: there is no room; nothing is left behind.
        """

    @abstractmethod
    async def find_result(self, job_id: UUID) -> MediaKey | None:
        """Return the stored result's key whatever its type, or None."""

    @abstractmethod
    async def find_preview(self, job_id: UUID) -> tuple[MediaKey, str] | None:
        """Return a stored preview's key and content type, or None."""

    @abstractmethod
    async def remove_result(self, job_id: UUID) -> int:
        """Remove a result and its preview; return the bytes freed, 0 if there was none."""

    # Originals

    @abstractmethod
    async def keep_original(self, job_id: UUID, photo: Path, content_type: str) -> None:
        """Keep the photo that came, beside what is made of it; survives a power cut.

        Raises:
            StorageFull: there is no room; nothing is left behind.
        """

    async def copy_original(
        self, job_id: UUID, content_type: str, scratch: ScratchFile
    ) -> WrittenFile:
        """Copy a kept photo into scratch, to be worked on as if it had just arrived.

        Raises:
            FileNotFoundError: it is not kept any more.
            StorageFull: the disk is full.
        """
        opened = await self.open(original_key(job_id, content_type))
        try:
            async for block in opened.blocks(0, opened.size_bytes):
                await scratch.write(block)
        finally:
            opened.close()
        return await scratch.close()

    @abstractmethod
    async def remove_original(self, job_id: UUID) -> int:
        """Remove a job's photo; return the bytes freed, 0 if there was none."""

    # Providers' inputs

    @abstractmethod
    async def store_provider_input(self, media_id: UUID, data: bytes, content_type: str) -> None:
        """Store a photo for a provider to fetch.

        Raises:
            StorageFull: there is no room.
        """

    @abstractmethod
    async def remove_provider_input(self, media_id: UUID) -> int:
        """Remove a provider's input; return the bytes freed, 0 if there was none."""

    # Template media

    @abstractmethod
    async def store_template(
        self, media_id: UUID, upload: Path, content_type: str, preview: bytes
    ) -> None:
        """Store template media from a scratch file, which may be moved, and its preview.

        Raises:
            StorageFull: there is no room.
        """

    @abstractmethod
    async def template_file(self, media_id: UUID, content_type: str) -> Path:
        """Return a file of this host that holds template media while a photo needs it.

        Where the store has it no more, the file may be missing.
        """

    @abstractmethod
    async def retire_template(self, media_id: UUID) -> None:
        """Make a template young: cleanup spares it while a photo may still read it."""

    @abstractmethod
    async def remove_template(self, media_id: UUID) -> int:
        """Remove template media and its preview; return the bytes freed."""

    # For cleanup, and for the proof of what is kept

    @abstractmethod
    async def list_present(self, job_ids: Sequence[UUID]) -> dict[Shelf, set[UUID]]:
        """Return which of these jobs have a result, and which an original."""

    @abstractmethod
    def list_shelf(self, shelf: Shelf) -> AsyncIterator[list[StoredThing]]:
        """Yield what lies on a shelf, a batch at a time, in no order."""

    @abstractmethod
    async def remove_thing(self, thing: StoredThing) -> int:
        """Remove what a listing found; return the bytes freed, 0 if it has gone meanwhile."""

    async def remove_things(self, things: Sequence[StoredThing]) -> dict[StoredThing, OSError]:
        """Remove what a listing found; return what is still there, each with the reason."""
        kept: dict[StoredThing, OSError] = {}
        for thing in things:
            try:
                await self.remove_thing(thing)
            except OSError as error:
                kept[thing] = error
        return kept

    async def remove_many(self, keys: Sequence[MediaKey]) -> dict[MediaKey, OSError]:
        """Remove results, previews, originals and providers' inputs that have had their time.

        A result and its preview may go together. Returns what is still there, each with the reason.
        """
        removing = {
            Shelf.RESULTS: self.remove_result,
            Shelf.ORIGINALS: self.remove_original,
            Shelf.PROVIDER: self.remove_provider_input,
        }
        kept: dict[MediaKey, OSError] = {}
        for key in keys:
            try:
                await removing[key.shelf](key.id)
            except OSError as error:
                kept[key] = error
        return kept

    # For moving to another store, and for backups

    @abstractmethod
    def list_pictures(self, shelf: Shelf) -> AsyncIterator[list[dict[MediaKey, int]]]:
        """Yield the pictures of a shelf with their sizes, those of one id together, in batches."""

    @abstractmethod
    async def adopt(self, files: Mapping[MediaKey, Path]) -> None:
        """Store pictures of one id that another store had, from files that may be moved.

        Raises:
            FileExistsError: there are some of this id already.
            StorageFull: there is no room.
        """
