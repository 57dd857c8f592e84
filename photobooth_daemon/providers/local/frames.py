"""Lays a frame, a logo or a date with transparency over a photo."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image

from photobooth_daemon.pictures.codec import MOST_PIXELS, Resampling, decode, scaled
from photobooth_daemon.pictures.headers import read_header
from photobooth_daemon.providers.driver import TemplatePicture

_SHARES = {
    "center": (0.5, 0.5),
    "top": (0.5, 0.0),
    "bottom": (0.5, 1.0),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
    "top_left": (0.0, 0.0),
    "top_right": (1.0, 0.0),
    "bottom_left": (0.0, 1.0),
    "bottom_right": (1.0, 1.0),
}
_KEPT_BYTES = 64 << 20

Size = tuple[int, int]


class Frames:
    """Decodes frames, and keeps the latest: decoding one costs more than all else here.

    Template media never change under their id, so what is kept is never stale.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UUID, Size], Image.Image] = OrderedDict()
        self._lock = threading.Lock()

    def overlaid(
        self, photo: Image.Image, frame: TemplatePicture, params: Mapping[str, Any]
    ) -> Image.Image:
        """Return the photo with the frame over it, as the operation's params ask.

        Raises:
            InvalidImage, OSError: the frame cannot be read.
        """
        size = _size_of(frame.path, frame.content_type)
        shares = _SHARES[params["position"]]
        if params["fit"] == "crop_photo":
            photo = _cropped(photo, _inside(photo.size, size), shares)
        if params["fit"] == "cover":
            target = _around(photo.size, size)
        elif params["fit"] == "contain":
            share = params["scale_percent"] / 100
            window = (max(1, round(photo.width * share)), max(1, round(photo.height * share)))
            target = _inside(window, size)
        else:
            target = photo.size
        layer = self._layer(frame, target)
        if params["opacity_percent"] < 100:
            layer = _fainter(layer, params["opacity_percent"])
        return _laid_over(photo, layer, shares)

    def _layer(self, frame: TemplatePicture, size: Size) -> Image.Image:
        key = (frame.media_id, size)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        with frame.path.open("rb") as file:
            header = read_header(file, frame.content_type, max_pixels=MOST_PIXELS)
            layer = scaled(decode(file, header).convert("RGBA"), size, Resampling.BICUBIC)
        with self._lock:
            self._kept[key] = layer
            while sum(_bytes_of(kept) for kept in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
        return layer


def _size_of(path: Path, content_type: str) -> Size:
    with path.open("rb") as file:
        return read_header(file, content_type, max_pixels=MOST_PIXELS).displayed()


def _inside(window: Size, size: Size) -> Size:
    """Return the largest size of these proportions that the window holds."""
    share = min(window[0] / size[0], window[1] / size[1])
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _around(window: Size, size: Size) -> Size:
    """Return the smallest size of these proportions that fills the window."""
    share = max(window[0] / size[0], window[1] / size[1])
    return max(window[0], round(size[0] * share)), max(window[1], round(size[1] * share))


def _cropped(image: Image.Image, size: Size, shares: tuple[float, float]) -> Image.Image:
    if image.size == size:
        return image
    left = round((image.width - size[0]) * shares[0])
    top = round((image.height - size[1]) * shares[1])
    return image.crop((left, top, left + size[0], top + size[1]))


def _fainter(layer: Image.Image, opacity_percent: int) -> Image.Image:
    faint = layer.copy()
    faint.putalpha(layer.getchannel("A").point(lambda alpha: alpha * opacity_percent // 100))
    return faint


def _laid_over(photo: Image.Image, layer: Image.Image, shares: tuple[float, float]) -> Image.Image:
    covered = (min(photo.width, layer.width), min(photo.height, layer.height))
    layer = _cropped(layer, covered, shares)
    at = (
        round((photo.width - layer.width) * shares[0]),
        round((photo.height - layer.height) * shares[1]),
    )
    if photo.mode == "RGBA":
        photo.alpha_composite(layer, at)
    else:
        photo.paste(layer, at, layer)
    return photo


def _bytes_of(image: Image.Image) -> int:
    return image.width * image.height * 4
