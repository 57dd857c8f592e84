"""What the evening's cameras see: the sample photo, each time from somewhere else."""

from __future__ import annotations

import io
import random
from functools import cache
from importlib.resources import files

from PIL import Image, ImageEnhance, ImageOps

SIZE = (1200, 800)
# Where to stand: all of them, two, or one; the middle and the width, of the whole picture's.
PLACES = (
    (0.5, 0.5, 1.0),
    (0.36, 0.52, 0.62),
    (0.62, 0.55, 0.62),
    (0.24, 0.5, 0.42),
    (0.42, 0.5, 0.4),
    (0.58, 0.56, 0.4),
    (0.76, 0.5, 0.42),
)


def photo(rng: random.Random) -> bytes:
    """Return a photo that is told apart from others."""
    whole = _party()
    across, down, share = rng.choice(PLACES)
    share = min(1.0, share * rng.uniform(0.94, 1.08))
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


@cache
def _party() -> Image.Image:
    source = files("photobooth_daemon.app") / "sample_photo.jpg"
    with Image.open(io.BytesIO(source.read_bytes())) as opened:
        return opened.convert("RGB")
