"""Template media of a bucket as files of this host: fetched once, not for every photo."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from uuid import UUID

from photobooth_daemon.media.files import create_directory
from photobooth_daemon.media.keys import MediaKey

IN_USE_SECONDS = 120.0
"""No photo's window is longer than a minute: what was asked for in it stays."""

Fetch = Callable[[MediaKey], AbstractAsyncContextManager[Path]]


class TemplateCache:
    """Keeps the latest templates, up to so many bytes, for all processes of this host."""

    def __init__(self, directory: Path, fetch: Fetch, *, kept_bytes: int) -> None:
        """``fetch`` gives a picture as a file that may be moved."""
        self._directory = directory
        self._fetch = fetch
        self._kept_bytes = kept_bytes
        self._one_at_a_time = asyncio.Lock()

    def create(self) -> None:
        """Make sure that the directory exists; blocks."""
        create_directory(self._directory)

    async def get(self, key: MediaKey) -> Path:
        """Return the file, which is fetched if it is not here.

        Raises:
            FileNotFoundError: there is no such template.
        """
        path = self.path_of(key)
        if await asyncio.to_thread(_touch, path):
            return path
        async with self._one_at_a_time:
            if not await asyncio.to_thread(_touch, path):
                async with self._fetch(key) as fetched:
                    await asyncio.to_thread(self._keep, fetched, path)
        return path

    def path_of(self, key: MediaKey) -> Path:
        """Return where a template is, or would be."""
        return self._directory / f"{key.id}{Path(key.file).suffix}"

    async def forget(self, media_id: UUID) -> None:
        """Remove a template, if it is here; other hosts have theirs until it is the oldest."""
        await asyncio.to_thread(self._forget, media_id)

    def _forget(self, media_id: UUID) -> None:
        for path in self._directory.glob(f"{media_id}.*"):
            path.unlink(missing_ok=True)

    def _keep(self, fetched: Path, path: Path) -> None:
        fetched.replace(path)
        os.utime(path)
        with os.scandir(self._directory) as entries:
            found = sorted(((entry.stat(), entry.path) for entry in entries), key=_last_used)
        total = sum(status.st_size for status, _ in found)
        youngest = time.time() - IN_USE_SECONDS
        for status, old in found:
            if total <= self._kept_bytes or status.st_mtime > youngest:
                return
            with suppress(FileNotFoundError):
                os.unlink(old)
            total -= status.st_size


def _touch(path: Path) -> bool:
    """Note that a file is in use; return whether it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _last_used(entry: tuple[os.stat_result, str]) -> float:
    return entry[0].st_mtime
