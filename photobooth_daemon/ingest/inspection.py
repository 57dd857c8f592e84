"""What did the camera send: told from the bytes, whatever the header or the name says."""

from __future__ import annotations

import asyncio

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.ingest.exchange import Upload
from photobooth_daemon.model import Picture
from photobooth_daemon.pictures.steps import measure, recognise


async def inspect(upload: Upload, max_pixels: int) -> tuple[Picture, InvalidImage | None]:
    """Return the photo and the fault of its header, if it has one (then it measures 0 x 0).

    Only the header is read, in a thread; damage further on shows when the
    photo is decoded.

    Raises:
        UnsupportedMediaType: it is no JPEG, PNG or WEBP at all.
    """
    return await asyncio.to_thread(_inspect, upload, max_pixels)


def _inspect(upload: Upload, max_pixels: int) -> tuple[Picture, InvalidImage | None]:
    content_type = recognise(upload.path)
    fault = None
    width = height = 0
    try:
        width, height = measure(upload.path, content_type, max_pixels=max_pixels)
    except InvalidImage as error:
        fault = error
    photo = Picture(upload.path, content_type, width, height, upload.size_bytes, upload.sha256)
    return photo, fault
