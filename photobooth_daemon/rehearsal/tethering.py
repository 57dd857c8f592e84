"""A tethering program: it puts photos into a folder, slowly, as such programs do."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from photobooth_daemon.rehearsal.camera import Shot
from photobooth_daemon.rehearsal.camera_form import Photo
from photobooth_daemon.rehearsal.coming_pictures import ComingPictures

BLOCK_BYTES = 64 * 1024
BYTES_PER_SECOND = 8_000_000.0
MANNERS = ("renaming", "in-place")
"""Under another name first; or under the last name from the first byte on."""


class TetheringProgram:
    """Writes photos into one folder; with ``pictures`` it waits for each one's picture."""

    def __init__(
        self,
        folder: Path,
        manner: str,
        number: int = 1,
        *,
        pictures: ComingPictures | None = None,
        bytes_per_second: float | None = None,
    ) -> None:
        self._folder = folder
        self._renames = manner == "renaming"
        self._number = number
        self._pictures = pictures
        self._bytes_per_second = bytes_per_second or BYTES_PER_SECOND

    async def take(self, photo: Photo) -> Shot:
        """Put the photo there and return what became of it."""
        started = time.monotonic()
        why: str | None = None
        try:
            await self._write(photo)
        except FileNotFoundError as error:
            why = f"unreachable ({error.strerror})"
        except OSError as error:
            why = f"not written ({error.strerror})"
        if why is None and self._pictures is not None:
            why = await self._pictures.wait_for(photo.name)
        return Shot(
            photo=photo.name,
            camera=self._number,
            seconds=time.monotonic() - started,
            why_original=why,
            sent_only=self._pictures is None,
        )

    async def _write(self, photo: Photo) -> None:
        path = self._folder / photo.name
        unfinished = path.with_name(f"{photo.name}.tmp") if self._renames else path
        with unfinished.open("wb", buffering=0) as file:
            for at in range(0, len(photo.data), BLOCK_BYTES):
                block = photo.data[at : at + BLOCK_BYTES]
                await asyncio.to_thread(file.write, block)
                await asyncio.sleep(len(block) / self._bytes_per_second)
        if self._renames:
            unfinished.rename(path)
