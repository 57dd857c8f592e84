"""Builds the media store that the configuration asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from photobooth_daemon.config.media import MediaConfig
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.store import MediaStore


def build_media_store(config: MediaConfig) -> MediaStore:
    """Return the store; whoever builds it closes it.

    Raises:
        ConfigError: it needs a library that is not installed.
    """
    if config.store == "s3" and config.s3 is not None:
        # Here, because an installation that keeps files loads nothing of it.
        from photobooth_daemon.media.s3 import S3Store

        return S3Store(config.root, config.s3)
    return FileStore(config.root)


def check_media_store(config: MediaConfig) -> None:
    """Return if the store could be built.

    Raises:
        ConfigError: it needs a library that is not installed.
    """
    if config.store == "s3" and config.s3 is not None:
        from photobooth_daemon.media.s3_signing import Signer

        Signer(config.s3)


@asynccontextmanager
async def opened_media_store(config: MediaConfig) -> AsyncIterator[MediaStore]:
    """Give the store for as long as the block runs."""
    media_store = build_media_store(config)
    try:
        yield media_store
    finally:
        await media_store.close()
