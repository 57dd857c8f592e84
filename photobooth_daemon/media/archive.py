"""An event's pictures as one ZIP file that is never whole anywhere: made while it is sent.

Pictures do not get smaller by packing, so they are stored as they are. One block is held at a
time, and only once the one before has been sent; what grows is the index, about 100 bytes a photo.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import RateLimited
from photobooth_daemon.media.keys import MediaKey, original_key, result_key
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model.csv_text import csv_text
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.repositories.event_photos import EventPhoto, EventPhotos

MOST_AT_ONCE = 2
MOST_AT_ONCE_FOR_GUESTS = 4
MOST_OF_NETWORK = 2
"""A hall's Wi-Fi is one, and a guest with two browsers must not keep the others from theirs."""
RETRY_SECONDS = 60.0
_FIRST_YEAR = 1980
"""Before it, ZIP knows no time."""
_COLUMNS = ("job", "slot", "time", "outcome", "cost", "file")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an archive holds beside the pictures that anybody may see."""

    hidden: bool = False
    originals: bool = False
    index: bool = False


EVERYTHING = Wanted(hidden=True, index=True)
FOR_GUESTS = Wanted()


class Archives:
    """Makes archives, a few at a time: each keeps a disk and a line busy."""

    def __init__(
        self,
        photos: EventPhotos,
        media_store: MediaStore,
        clock: Clock,
        *,
        for_guests: bool = False,
    ) -> None:
        self._most_at_once = MOST_AT_ONCE_FOR_GUESTS if for_guests else MOST_AT_ONCE
        self._photos = photos
        self._media_store = media_store
        self._clock = clock
        self._under_way = 0
        self._of_network: Counter[str] = Counter()

    @asynccontextmanager
    async def open(
        self, event_id: UUID, wanted: Wanted, network: str | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield the blocks of an event's archive as it is now; photos that end later are not in it.

        A ``network`` that is given has two of them at most.

        Raises:
            RateLimited: as many as may be are being sent, or two to this network.
        """
        of_network = 0 if network is None else self._of_network[network]
        if self._under_way >= self._most_at_once or of_network >= MOST_OF_NETWORK:
            raise RateLimited(
                f"{self._under_way} archives are being sent; try again when one is through.",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._under_way += 1
        if network is not None:
            self._of_network[network] += 1
        blocks = self._blocks(event_id, wanted)
        try:
            yield blocks
        finally:
            self._under_way -= 1
            if network is not None:
                self._of_network[network] -= 1
                self._of_network += Counter()  # Those that are at nought go.
            await blocks.aclose()

    async def _blocks(self, event_id: UUID, wanted: Wanted) -> AsyncGenerator[bytes, None]:
        archive = _Archive()
        rows: list[tuple[str, ...]] = [_COLUMNS]
        number, now = 0, self._clock.utcnow()
        async for photo in self._photos.iterate(event_id, now, hidden=wanted.hidden):
            number += 1
            name = f"{number:04d}-{photo.slot_id}-{photo.taken_at.astimezone():%H%M%S}"
            outcome, file = photo.status, ""
            if photo.picture_job_id is not None and photo.picture_type is not None:
                file = f"{name}.{EXTENSIONS[photo.picture_type]}"
                key = result_key(photo.picture_job_id, photo.picture_type)
                try:
                    self._must_live(photo.picture_expires_at)
                    added = self._added(archive, file, photo.taken_at, key)
                    async with aclosing(added) as blocks:
                        async for block in blocks:
                            yield block
                except FileNotFoundError:
                    outcome, file = self._what_became(photo), ""
            if wanted.originals and photo.original_expires_at is not None:
                key = original_key(photo.job_id, photo.original_type)
                try:
                    self._must_live(photo.original_expires_at)
                    original = f"originals/{name}.{EXTENSIONS[photo.original_type]}"
                    added = self._added(archive, original, photo.taken_at, key)
                    async with aclosing(added) as blocks:
                        async for block in blocks:
                            yield block
                except FileNotFoundError:
                    pass
            rows.append(_row(photo, outcome, file))
        if wanted.index:
            index = _one_block(csv_text(rows).encode())
            async with aclosing(archive.add("index.csv", now, index)) as blocks:
                async for block in blocks:
                    yield block
        yield archive.close()

    async def _added(
        self, archive: _Archive, name: str, at: datetime, key: MediaKey
    ) -> AsyncGenerator[bytes, None]:
        """Add a picture of the store.

        Raises:
            FileNotFoundError: there is none; nothing has been added.
        """
        opened = await self._media_store.open(key)
        try:
            source = opened.blocks(0, opened.size_bytes)
            async with aclosing(source), aclosing(archive.add(name, at, source)) as blocks:
                async for block in blocks:
                    yield block
        finally:
            opened.close()

    def _must_live(self, expires_at: datetime | None) -> None:
        """Raise what a file that is gone raises: by the clock alone, whenever cleanup comes."""
        if expires_at is None or expires_at <= self._clock.utcnow():
            raise FileNotFoundError

    def _what_became(self, photo: EventPhoto) -> str:
        expires_at = photo.picture_expires_at
        in_time = expires_at is not None and self._clock.utcnow() < expires_at
        return "removed" if photo.removed or in_time else "expired"


class _Archive:
    """A ZIP file that is written into nothing: what was written is taken away, block by block."""

    def __init__(self) -> None:
        self._written = _Written()
        self._zip = ZipFile(self._written, "w", ZIP_STORED)

    async def add(
        self, name: str, at: datetime, source: AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        """Add what a source gives; a checksum is reckoned in threads."""
        moment = at.astimezone().timetuple()[:6]
        entry = ZipInfo(name, max(moment, (_FIRST_YEAR, 1, 1, 0, 0, 0)))
        entry.external_attr = 0o644 << 16
        with self._zip.open(entry, "w") as target:
            async for block in source:
                await asyncio.to_thread(target.write, block)
                yield self._written.take()

    def close(self) -> bytes:
        """Return the end of the archive: what it holds, and where."""
        self._zip.close()
        return self._written.take()


class _Written:
    """What ``ZipFile`` writes into: it learns that nobody can go back in it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is written is taken."""

    def close(self) -> None:
        """Do nothing: there is no file."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


async def _one_block(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _row(photo: EventPhoto, outcome: str, file: str) -> tuple[str, ...]:
    taken_at = photo.taken_at.astimezone().isoformat(timespec="seconds")
    cost = "" if photo.cost is None else f"{photo.cost:.4f}"
    return (str(photo.job_id), photo.slot_id, taken_at, outcome, cost, file)
