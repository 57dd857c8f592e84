"""A photo on its way to disk: written and hashed in blocks, off the loop."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photobooth_daemon.media.files import create_file, write_all
from photobooth_daemon.model import MB

BLOCK_BYTES = MB
"""One hop into a thread for each: a small photo needs one, and no more is held in memory."""
MOST_PIECES = 16
"""Of a block; what comes in smaller ones is made one."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What was received, complete on disk."""

    path: Path
    size_bytes: int
    sha256: str


class ScratchFile:
    """One upload. Ends with ``close()`` or ``discard()``; discarding is always allowed."""

    def __init__(self, path: Path, in_thread: Callable[..., Awaitable[Any]]) -> None:
        self._path = path
        self._in_thread = in_thread
        self._chunks: list[bytes | memoryview] = []
        self._buffered_bytes = 0
        # Guards what the threads touch: a discard may come while a block is written.
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._ended = False

    async def write(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes; returns once there is room for more.

        Raises:
            StorageFull: the disk is full.
        """
        self._chunks.append(chunk)
        self._buffered_bytes += len(chunk)
        if self._buffered_bytes >= BLOCK_BYTES:
            await self._in_thread(self._append, self._taken())

    async def close(self) -> WrittenFile:
        """Write what is left and return the whole file.

        Raises:
            StorageFull: the disk is full.
        """
        written: WrittenFile = await self._in_thread(self._complete, self._taken())
        return written

    async def discard(self) -> None:
        """Remove the file, whatever state it is in; a second call does nothing.

        A disk that refuses is logged: what ends here must end, and sweeping comes later.
        """
        self._taken()
        try:
            await self._in_thread(self._remove)
        except OSError:
            log.exception("an upload's file is left to be swept")

    def _taken(self) -> list[bytes | memoryview]:
        chunks, self._chunks = self._chunks, []
        self._buffered_bytes = 0
        return chunks

    def _append(self, chunks: list[bytes | memoryview]) -> None:
        with self._lock:
            self._write(chunks)

    def _complete(self, chunks: list[bytes | memoryview]) -> WrittenFile:
        with self._lock:
            self._write(chunks)
            self._close_descriptor()
            return WrittenFile(self._path, self._size_bytes, self._digest.hexdigest())

    def _remove(self) -> None:
        with self._lock:
            self._ended = True
            self._close_descriptor()
            self._path.unlink(missing_ok=True)

    def _write(self, chunks: list[bytes | memoryview]) -> None:
        if self._ended:
            return
        if self._descriptor is None:
            self._descriptor = create_file(self._path)
        # After each write, and each update, this thread waits for the interpreter's lock.
        pieces = chunks if len(chunks) <= MOST_PIECES else [b"".join(chunks)]
        write_all(self._descriptor, *pieces)
        for piece in pieces:
            self._digest.update(piece)
            self._size_bytes += len(piece)

    def _close_descriptor(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
