"""The photo that comes with the program."""

from __future__ import annotations

import io
from importlib.resources import files

from photobooth_daemon.model import PictureBytes
from photobooth_daemon.pictures.codec import MOST_PIXELS
from photobooth_daemon.pictures.headers import read_header


def sample_photo() -> PictureBytes:
    """Return the photo that shipped recipes are shown on."""
    data = (files("photobooth_daemon.app") / "sample_photo.jpg").read_bytes()
    header = read_header(io.BytesIO(data), "image/jpeg", max_pixels=MOST_PIXELS)
    return PictureBytes(data, "image/jpeg", header.width, header.height)
