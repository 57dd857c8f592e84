"""What an AVIF file says about itself; Pillow reads that without decoding a pixel."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image

from photobooth_daemon.errors import InvalidImage

_ORIENTATION = 0x0112


def avif_size(file: BinaryIO) -> tuple[int, int, int]:
    """Return width and height as stored, and the orientation.

    Raises:
        InvalidImage: its boxes make no sense.
    """
    # The picture threads are as many as there is room for; a decoder shall not add its own.
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    try:
        with Image.open(file, formats=["AVIF"]) as image:
            orientation = image.getexif().get(_ORIENTATION, 1)
            width, height = image.size
    except OSError as error:
        if error.errno is not None:
            raise
        raise InvalidImage from error
    except Exception as error:
        # As of every other decoder: hostile bytes raise anything.
        raise InvalidImage from error
    return width, height, orientation if orientation in range(1, 9) else 1
