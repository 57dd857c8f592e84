"""Copies what one store has to another, while the daemon serves from both.

What is there already is passed by, so that a copy that was broken off goes on where it was. Every
picture is read back from the other store and has to have the digest that it had here. One that is
removed meanwhile is removed there, too.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from photobooth_daemon.media.keys import MediaKey, Shelf
from photobooth_daemon.media.listing import StoredThing
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB

SHELVES = (Shelf.TEMPLATES, Shelf.RESULTS, Shelf.ORIGINALS)
"""A provider's input is gone with its photo's window: nobody copies it in time."""
AT_ONCE = 4

log = logging.getLogger(__name__)


@dataclass(slots=True)
class CopyReport:
    """How many pictures were copied, were there already, have gone meanwhile, or could not be."""

    copied: int = 0
    copied_bytes: int = 0
    there_already: int = 0
    gone: int = 0
    failed: int = 0


class MediaCopy:
    """One copy from ``source`` to ``target``."""

    def __init__(self, source: MediaStore, target: MediaStore) -> None:
        self._source = source
        self._target = target

    async def run(self) -> CopyReport:
        """Copy everything that can be; what cannot is logged and counted.

        Raises:
            OSError: one of the stores cannot be listed.
        """
        report = CopyReport()
        places = asyncio.Semaphore(AT_ONCE)

        async def one(pictures: Mapping[MediaKey, int]) -> None:
            async with places:
                try:
                    await self._copy(pictures, report)
                except FileNotFoundError:
                    report.gone += len(pictures)
                except OSError as error:
                    report.failed += len(pictures)
                    key = next(iter(pictures))
                    log.error("not copied", extra={"key": str(key), "error": str(error)})

        for shelf in SHELVES:
            async for groups in self._source.list_pictures(shelf):
                await asyncio.gather(*(one(pictures) for pictures in groups))
        return report

    async def _copy(self, sizes: Mapping[MediaKey, int], report: CopyReport) -> None:
        """Copy pictures that belong together.

        Raises:
            FileNotFoundError: one of them has gone meanwhile.
        """
        keys = list(sizes)
        if all([await self._target.find_size(key) == size for key, size in sizes.items()]):
            report.there_already += len(keys)
            return
        async with AsyncExitStack() as stack:
            files = {
                key: await stack.enter_async_context(self._source.local_copy(key)) for key in keys
            }
            digests = {key: await asyncio.to_thread(_digest_of, files[key]) for key in keys}
            await self._target.adopt(files)
        for key, digest in digests.items():
            if await stored_digest(self._target, key) != digest:
                await self._remove(keys[0])
                raise OSError(f"{key} is not the same over there; it has been removed")
        if await self._source.list_missing(keys):
            await self._remove(keys[0])
            raise FileNotFoundError
        report.copied += len(keys)
        report.copied_bytes += sum(sizes.values())

    async def _remove(self, key: MediaKey) -> None:
        thing = StoredThing(key.shelf, key.id, str(key.id), 0, datetime.now(UTC))
        await self._target.remove_thing(thing)


async def stored_digest(store: MediaStore, key: MediaKey) -> str:
    """Return the SHA-256 of a picture as the store gives it back.

    Raises:
        FileNotFoundError: there is none.
    """
    digest = hashlib.sha256()
    opened = await store.open(key)
    try:
        async for block in opened.blocks(0, opened.size_bytes):
            digest.update(block)
    finally:
        opened.close()
    return digest.hexdigest()


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(MB):
            digest.update(block)
    return digest.hexdigest()
