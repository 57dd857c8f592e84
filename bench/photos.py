"""Photos of the sizes that cameras send, the same on every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter


@dataclass(frozen=True, slots=True)
class Size:
    """A kind of photo: what it is called, how many bytes and pixels it has."""

    name: str
    megabytes: float
    pixels: tuple[int, int]
    grain: float


SIZES = (
    Size("0.05", 0.05, (900, 600), 6),
    Size("0.5", 0.5, (1800, 1200), 6),
    Size("3", 3, (6000, 4000), 6),
    Size("8", 8, (6000, 4000), 6),
    Size("14", 14, (6000, 4000), 14),
)


def photos(
    folder: Path, say: Callable[[str], None], names: Sequence[str] | None = None
) -> dict[str, Path]:
    """Return a JPEG of each size, or of those named, made once and kept in ``folder``."""
    found = {}
    for size in SIZES:
        if names is not None and size.name not in names:
            continue
        path = folder / f"photo-{size.name}.jpg"
        if not path.exists():
            say(f"making a photo of {size.name} MB")
            path.write_bytes(_at_most(_scene(size), round(size.megabytes * 1_000_000)))
        found[size.name] = path
    return found


def _scene(size: Size) -> Image.Image:
    """Return shapes of every scale, coloured as weakly as photos are, and a sensor's grain."""
    width, height = size.pixels
    bands = []
    for _ in range(3):
        band = Image.new("L", size.pixels, 128)
        for step, contrast in ((800, 120), (200, 90), (60, 50), (20, 22), (8, 9), (3, 4)):
            small = (max(2, width // step), max(2, height // step))
            layer = Image.effect_noise(small, contrast).resize(
                size.pixels, Image.Resampling.BICUBIC
            )
            band = ImageChops.add(band, layer, 1, -128)
        bands.append(ImageChops.add(band, Image.effect_noise(size.pixels, size.grain), 1, -128))
    light, *colours = bands
    soft = [band.filter(ImageFilter.GaussianBlur(3)) for band in (light, *colours)]
    return Image.merge("RGB", [Image.blend(light, band, 0.35) for band in soft])


def _at_most(image: Image.Image, size_bytes: int) -> bytes:
    low, high = 5, 98
    while low < high:
        middle = (low + high + 1) // 2
        if len(_jpeg(image, middle)) <= size_bytes:
            low = middle
        else:
            high = middle - 1
    return _jpeg(image, low)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    target = BytesIO()
    image.save(target, "JPEG", quality=quality)
    return target.getvalue()
