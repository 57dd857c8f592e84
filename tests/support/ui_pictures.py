"""The pictures of the browser's tests: what is sent, and what is put on it."""

from __future__ import annotations

import io
from importlib.resources import files

from PIL import Image, ImageDraw


def party(width: int = 900) -> bytes:
    """The sample photo, small enough to be processed in a moment."""
    source = io.BytesIO((files("photobooth_daemon.app") / "sample_photo.jpg").read_bytes())
    with Image.open(source) as photo:
        photo.thumbnail((width, width))
        target = io.BytesIO()
        photo.save(target, "JPEG", quality=85)
    return target.getvalue()


def frame(colour: tuple[int, int, int] = (190, 140, 40)) -> bytes:
    """A frame: opaque at the edges, nothing in the middle."""
    picture = Image.new("RGBA", (900, 600), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 899, 599), outline=(*colour, 255), width=34)
    draw.rectangle((44, 44, 855, 555), outline=(*colour, 255), width=5)
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
