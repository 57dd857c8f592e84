"""What the evening's cameras see: the sample photo, each time from somewhere else."""

from __future__ import annotations

import io
import random
from functools import cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

SIZE = (1200, 800)
# Where to stand so that no head is cut: all four, three, or two; the middle and the width, of the
# whole picture's.
PLACES = (
    (0.5, 0.5, 1.0),
    (0.5, 0.47, 0.88),
    (0.36, 0.45, 0.62),
    (0.65, 0.46, 0.62),
    (0.26, 0.42, 0.475),
    (0.735, 0.45, 0.48),
)


def photo(rng: random.Random) -> bytes:
    """Return a photo that is told apart from others."""
    whole = _party()
    across, down, share = rng.choice(PLACES)
    share = min(1.0, share * rng.uniform(1.0, 1.06))
    width, height = whole.width * share, whole.height * share
    left = min(max(0.0, across * whole.width - width / 2), whole.width - width)
    top = min(max(0.0, down * whole.height - height / 2), whole.height - height)
    image = whole.resize(SIZE, box=(left, top, left + width, top + height))
    if rng.random() < 0.5:
        image = ImageOps.mirror(image)
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.9, 1.08))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=88)
    return data.getvalue()


def logo(text: str, colour: str) -> bytes:
    """Return a couple's letters in a ring, as a PNG that lets the page through."""
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 12, 388, 388), outline=colour, width=10)
    draw.ellipse((32, 32, 368, 368), outline=colour, width=3)
    path = files("photobooth_daemon.pictures") / "fonts" / "DejaVuSans.ttf"
    font = ImageFont.truetype(io.BytesIO(path.read_bytes()), 104)
    draw.text((200, 200), text, colour, font, anchor="mm")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


@cache
def _party() -> Image.Image:
    source = files("photobooth_daemon.app") / "sample_photo.jpg"
    with Image.open(io.BytesIO(source.read_bytes())) as opened:
        return opened.convert("RGB")
