"""What is uploaded: bytes, or a file of this host, with the digest that the store checks."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from photobooth_daemon.model import MB

BLOCK_BYTES = 256 * 1024
_QUICK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """Can be read as often as the request has to be made."""

    source: bytes | Path
    size_bytes: int
    sha256: str

    async def blocks(self) -> AsyncIterator[bytes]:
        """Yield it, a block at a time; a file is read in threads."""
        if isinstance(self.source, bytes):
            view = memoryview(self.source)
            for start in range(0, len(view), BLOCK_BYTES):
                yield bytes(view[start : start + BLOCK_BYTES])
            return
        with await asyncio.to_thread(self.source.open, "rb") as file:
            while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
                yield block


NOTHING = Body(b"", 0, hashlib.sha256().hexdigest())


async def body_of(source: bytes | Path) -> Body:
    """Return the body; a digest that takes time is reckoned in a thread.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(source, bytes) and len(source) <= _QUICK_BYTES:
        return Body(source, len(source), hashlib.sha256(source).hexdigest())
    return await asyncio.to_thread(_digested, source)


def _digested(source: bytes | Path) -> Body:
    if isinstance(source, bytes):
        return Body(source, len(source), hashlib.sha256(source).hexdigest())
    digest, size_bytes = hashlib.sha256(), 0
    with source.open("rb") as file:
        while block := file.read(MB):
            digest.update(block)
            size_bytes += len(block)
    return Body(source, size_bytes, digest.hexdigest())
