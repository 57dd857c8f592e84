"""Tells the slots' lines the moment something appears in their folders (inotify, by watchdog).

What inotify does not see (changes made by another machine on a share) the lines find
by looking themselves; this only makes them look sooner, and says which files are closed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from photobooth_daemon.intake.moves import DEEPEST_FOLDER, entries_below

CHECK_SECONDS = 2.0

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who is told of a folder's files; a slot's line."""

    def notice(self, path: Path | None = None) -> None:
        """Something has appeared; ``path`` is complete."""
        ...

    def being_written(self, path: Path) -> None:
        """Somebody writes to a file."""
        ...


class FolderWatch:
    """Watches the folders for as long as they are the same ones; a new one is watched anew."""

    def __init__(self, listeners: Mapping[Path, Listener]) -> None:
        self._listeners = listeners
        self._observer = Observer()
        self._watched: dict[Path, tuple[tuple[int, int], Any]] = {}
        self._told: dict[Path, str] = {}

    async def start(self) -> None:
        """Return once every folder that exists is watched: who writes from now on is seen."""
        await asyncio.to_thread(self._observer.start)
        await self._renew_all()

    async def run(self) -> None:
        """Keep every folder that exists watched, until cancelled."""
        try:
            while True:
                await asyncio.sleep(CHECK_SECONDS)
                await self._renew_all()
        finally:
            self._observer.stop()
            await asyncio.to_thread(self._observer.join)

    async def _renew_all(self) -> None:
        loop = asyncio.get_running_loop()
        for folder, listener in self._listeners.items():
            await asyncio.to_thread(self._renew, folder, listener, loop)

    def _renew(self, folder: Path, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        try:
            facts = os.stat(folder)
            identity: tuple[int, int] | None = (facts.st_dev, facts.st_ino)
        except OSError:
            identity = None
        known = self._watched.get(folder)
        if known is not None and known[0] != identity:
            self._observer.unschedule(self._watched.pop(folder)[1])
            known = None
        if known is None and identity is not None:
            why = what_cannot_be_watched(folder)
            if why is not None:
                self._tell_once(folder, why)
                return
            try:
                watch = self._observer.schedule(
                    _Teller(listener, loop), str(folder), recursive=True
                )
            except OSError as error:
                # Out of inotify watches, say.
                self._tell_once(folder, str(error.strerror or error))
                return
            self._told.pop(folder, None)
            self._watched[folder] = (identity, watch)
            loop.call_soon_threadsafe(listener.notice, None)

    def _tell_once(self, folder: Path, why: str) -> None:
        # Looking still finds everything, a little later.
        if self._told.get(folder) != why:
            log.warning("%s cannot be watched: %s", folder, why)
        self._told[folder] = why


def what_cannot_be_watched(folder: Path) -> str | None:
    """Return what below a folder would end a watch over all of it; None mostly.

    watchdog looks into everything, goes as deep as it gets, and leaves an open inotify behind
    each time that it fails.
    """
    kept: list[str] = []
    try:
        for name, facts in entries_below(
            folder, left_out=lambda path, error: kept.append(f"{path}: {error.strerror}")
        ):
            if stat.S_ISDIR(facts.st_mode) and name.count("/") >= DEEPEST_FOLDER:
                return f"it has folders more than {DEEPEST_FOLDER} below one another"
    except OSError as error:
        return str(error.strerror or error)
    return kept[0] if kept else None


class _Teller(FileSystemEventHandler):
    """Hands what watchdog's thread saw to the event loop."""

    def __init__(self, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        self._listener = listener
        self._loop = loop

    def on_closed(self, event: FileSystemEvent) -> None:
        self._tell(event.src_path)

    def on_moved(self, event: FileSystemEvent) -> None:
        self._tell(event.dest_path)

    def on_modified(self, event: FileSystemEvent) -> None:
        if not event.is_directory:
            path = Path(os.fsdecode(event.src_path))
            self._loop.call_soon_threadsafe(self._listener.being_written, path)

    def on_created(self, event: FileSystemEvent) -> None:
        # A file renamed into the folder from outside is "created"; whether it is complete, the
        # line finds out: a file that is still being written will be closed.
        self._loop.call_soon_threadsafe(self._listener.notice, None)

    def _tell(self, path: bytes | str) -> None:
        self._loop.call_soon_threadsafe(self._listener.notice, Path(os.fsdecode(path)))
