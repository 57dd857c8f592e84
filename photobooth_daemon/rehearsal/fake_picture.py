"""The fake provider's pictures: the photo, visibly edited, or prepared bytes for measurements."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from PIL import Image, ImageDraw, ImageOps

EDGES_PX = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
TEXT_HEIGHT_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Order:
    """What the request asks of the picture: its proportions (None: the photo's), size, format."""

    ratio: float | None = None
    size: str = "1K"
    format: str = "PNG"


@dataclass(frozen=True, slots=True)
class Answer:
    """A picture as the fake provider sends it."""

    data: bytes
    content_type: str


class Painter(Protocol):
    """Makes the answers of a fake provider."""

    needs_photo: bool

    def paint(self, photo: bytes, order: Order) -> Answer:
        """Return the picture; blocking, called in a thread.

        Raises:
            OSError: the photo is not a picture.
        """
        ...


class EditingPainter:
    """A cheap edit that nobody mistakes for the photo: poster colours, a frame, a label."""

    needs_photo = True

    def paint(self, photo: bytes, order: Order) -> Answer:
        with Image.open(io.BytesIO(photo), formats=["JPEG", "PNG", "WEBP"]) as opened:
            edge = EDGES_PX.get(order.size, EDGES_PX["512"])
            opened.draft("RGB", (edge, edge))
            upright = ImageOps.exif_transpose(opened).convert("RGB")
        ratio = order.ratio or upright.width / upright.height
        # Like the real ones: about edge² pixels whatever the proportions, in multiples of 16.
        width = max(16, round(edge * math.sqrt(ratio) / 16) * 16)
        height = max(16, round(edge / math.sqrt(ratio) / 16) * 16)
        scaled = ImageOps.fit(upright, (width, height), Image.Resampling.BILINEAR)
        edited = ImageOps.posterize(ImageOps.autocontrast(scaled, cutoff=2), 3)
        _label(edited)
        return _encoded(edited, order.format)


class EchoPainter:
    """Sends the photo back as it came: the cheapest true picture of its size."""

    needs_photo = True

    def paint(self, photo: bytes, order: Order) -> Answer:
        return Answer(photo, _content_type(photo))


class PreparedPainter:
    """Sends the same JPEG of about ``size_kb`` every time; the photo is not even looked at."""

    needs_photo = False

    def __init__(self, size_kb: int = 1024) -> None:
        self._answer = Answer(prepared_jpeg(size_kb), "image/jpeg")

    def paint(self, photo: bytes, order: Order) -> Answer:
        return self._answer


@lru_cache(maxsize=8)
def prepared_jpeg(size_kb: int, width: int = 1264, height: int = 848) -> bytes:
    """Return a real JPEG of these pixels, at most ``size_kb`` and as near it as can be."""
    noise = Image.effect_noise((width // 2, height // 2), 90).resize((width, height))
    picture = Image.merge("RGB", (noise, ImageOps.mirror(noise), ImageOps.flip(noise)))
    low, high = 1, 98
    while low < high:
        middle = (low + high + 1) // 2
        if len(_jpeg(picture, middle)) <= size_kb * 1024:
            low = middle
        else:
            high = middle - 1
    return _jpeg(picture, low)


def _label(picture: Image.Image) -> None:
    draw = ImageDraw.Draw(picture)
    edge = max(4, picture.height // 60)
    draw.rectangle((0, 0, picture.width - 1, picture.height - 1), outline=(255, 0, 128), width=edge)
    label = Image.new("L", (96, 14))
    ImageDraw.Draw(label).text((3, 1), "REHEARSAL", fill=255)
    height = max(14, int(picture.height * TEXT_HEIGHT_SHARE))
    grown = label.resize((label.width * height // label.height, height))
    corner = (edge * 2, picture.height - height - edge * 2)
    picture.paste(Image.new("RGB", grown.size, (255, 0, 128)), corner)
    picture.paste(Image.new("RGB", grown.size, (255, 255, 255)), corner, grown)


def _encoded(picture: Image.Image, image_format: str) -> Answer:
    encoded = io.BytesIO()
    picture.save(encoded, image_format, **({"compress_level": 1} if image_format == "PNG" else {}))
    return Answer(encoded.getvalue(), f"image/{image_format.lower()}")


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=quality)
    return encoded.getvalue()


def _content_type(data: bytes) -> str:
    with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as opened:
        return f"image/{(opened.format or '').lower()}"
