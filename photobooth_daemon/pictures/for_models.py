"""JPEGs for models: they look at less detail than people do, and a venue's line is thin."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from math import hypot

from PIL import Image

from photobooth_daemon.pictures.codec import encode_jpeg

QUALITY = 60
COARSER = 0.5
"""For each step of spatial frequency beyond the second: grain is most of a photo's bytes, and the
first thing to go when a model shrinks it. What makes blocks and false colours is left alone."""


def encode_for_model(image: Image.Image) -> bytes:
    """Return an RGB picture as a JPEG that spends its bytes on what a model sees."""
    target = BytesIO()
    image.save(target, "JPEG", qtables=_tables())
    return target.getvalue()


@cache
def _tables() -> list[list[int]]:
    """Return the usual tables of the quality, of light and of colours, each made coarser."""
    with Image.open(BytesIO(encode_jpeg(Image.new("RGB", (8, 8)), QUALITY))) as usual:
        tables = usual.quantization  # type: ignore[attr-defined] # of a JPEG
    return [
        [
            min(255, round(step * (1 + COARSER * max(0.0, hypot(n % 8, n // 8) - 2))))
            for n, step in enumerate(tables[number])
        ]
        for number in sorted(tables)
    ]
