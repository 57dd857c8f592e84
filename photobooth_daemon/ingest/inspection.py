"""What did the camera send: told from the bytes, whatever the header or the name says."""

from __future__ import annotations

import asyncio

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.ingest.exchange import Received
from photobooth_daemon.model import Picture
from photobooth_daemon.pictures.steps import measure, megapixels_of, recognise


async def inspect(received: Received, max_pixels: int) -> tuple[Picture, InvalidImage | None]:
    """Return the photo and the fault of its header, if it has one (then it measures 0 x 0).

    Only the header is read, in a thread; damage further on shows when the
    photo is decoded.

    Raises:
        UnsupportedMediaType: it is no picture that can be read here.
    """
    return await asyncio.to_thread(_inspect, received, max_pixels)


def _inspect(received: Received, max_pixels: int) -> tuple[Picture, InvalidImage | None]:
    content_type = recognise(received.path)
    fault = None
    width = height = 0
    megapixels = 0.0
    try:
        width, height = measure(received.path, content_type, max_pixels=max_pixels)
        with received.path.open("rb") as file:
            megapixels = megapixels_of(file, prepared=True)
    except InvalidImage as error:
        fault = error
    photo = Picture(
        received.path,
        content_type,
        width,
        height,
        received.size_bytes,
        received.sha256,
        megapixels,
    )
    return photo, fault
