"""Builds the media store that the configuration asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from photobooth_daemon.config.start_up import MediaConfig
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.store import MediaStore


def build_media_store(config: MediaConfig) -> MediaStore:
    """Return the store; whoever builds it closes it."""
    return FileStore(config.root)


@asynccontextmanager
async def opened_media_store(config: MediaConfig) -> AsyncIterator[MediaStore]:
    """Give the store for as long as the block runs."""
    media_store = build_media_store(config)
    try:
        yield media_store
    finally:
        await media_store.close()
