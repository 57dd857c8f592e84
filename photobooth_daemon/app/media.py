"""Builds the media store that the configuration asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from photobooth_daemon.config.media import MediaConfig, S3Config
from photobooth_daemon.media.both_stores import BothStores
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.media.store import MediaStore


def build_media_store(config: MediaConfig) -> MediaStore:
    """Return the store; whoever builds it closes it.

    Raises:
        ConfigError: it needs a library that is not installed, or its authorities are none.
    """
    first = _build_one(config, config.store)
    if config.read_also is None:
        return first
    return BothStores(first, _build_one(config, config.read_also))


def bucket_of(media_store: MediaStore) -> MediaStore | None:
    """Return the part of a store that is in a bucket, if there is one."""
    if isinstance(media_store, BothStores):
        return bucket_of(media_store.first) or bucket_of(media_store.second)
    return None if isinstance(media_store, FileStore) else media_store


def check_media_store(config: MediaConfig) -> None:
    """Return if the store could be built.

    Raises:
        ConfigError: it needs a library that is not installed, or its authorities are none.
    """
    if config.bucket is not None and config.s3 is not None:
        from photobooth_daemon.media.s3_signing import Signer
        from photobooth_daemon.media.s3_trust import trusted

        Signer(config.s3)
        trusted(config.s3.ca_file)


@asynccontextmanager
async def opened_media_store(config: MediaConfig) -> AsyncIterator[MediaStore]:
    """Give the store for as long as the block runs."""
    media_store = build_media_store(config)
    try:
        yield media_store
    finally:
        await media_store.close()


def _build_one(config: MediaConfig, name: str) -> MediaStore:
    if name == "files" or config.s3 is None:
        return FileStore(config.root)
    return _build_s3(config, config.s3)


def _build_s3(config: MediaConfig, s3: S3Config) -> MediaStore:
    # Here, because an installation that keeps files loads nothing of it.
    from photobooth_daemon.media.s3 import S3Store

    return S3Store(config.root, s3)
