"""Pictures made for tests: each kind, each way a camera or a provider can write it."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from photobooth_daemon.pictures.kinds import reads_avif

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (240, 240, 240)
SECRET = "Novosibirsk 55.0302 82.9204"
"""Stands in every piece of metadata that these pictures carry: it must never come out again."""


def corners(width: int = 300, height: int = 200) -> Image.Image:
    """Red, green, blue, white from the top left, clockwise: shows which way is up."""
    image = Image.new("RGB", (width, height), WHITE)
    half = (width // 2, height // 2)
    image.paste(RED, (0, 0, *half))
    image.paste(GREEN, (half[0], 0, width, half[1]))
    image.paste(BLUE, (half[0], half[1], width, height))
    return image


def noise(width: int = 300, height: int = 200, spread: int = 40) -> Image.Image:
    """Detail that takes bytes, as a photo's does; no two are alike."""
    image = _noise(width, height, spread).copy()
    image.paste(_drawn_noise(min(width, 16), min(height, 16), spread))
    return image


@lru_cache(maxsize=16)
def _noise(width: int, height: int, spread: int) -> Image.Image:
    # A large one takes a tenth of a second to draw.
    return _drawn_noise(width, height, spread)


def _drawn_noise(width: int, height: int, spread: int) -> Image.Image:
    bands = [Image.effect_noise((width, height), spread) for _ in range(3)]
    return Image.merge("RGB", bands)


def see_through(width: int = 300, height: int = 200) -> Image.Image:
    """A frame: opaque at the edges, nothing in the middle."""
    image = Image.new("RGBA", (width, height), (*RED, 255))
    image.paste((0, 0, 0, 0), (width // 5, height // 5, width * 4 // 5, height * 4 // 5))
    return image


def exif(orientation: int = 1, order: str = "II") -> bytes:
    """An EXIF block as cameras write it, with a place name in it."""
    endian = "<" if order == "II" else ">"
    text = SECRET.encode() + b"\x00"
    head = order.encode() + struct.pack(endian + "HI", 42, 8)
    entries = struct.pack(endian + "H", 2)
    entries += struct.pack(endian + "HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack(endian + "HHII", 0x013B, 2, len(text), 8 + 2 + 24 + 4)
    return b"Exif\x00\x00" + head + entries + struct.pack(endian + "I", 0) + text


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    target = BytesIO()
    (image or corners()).save(target, "JPEG", **{"quality": 92, **options})
    return target.getvalue()


def camera_jpeg(image: Image.Image | None = None, orientation: int = 1) -> bytes:
    """A JPEG with EXIF, XMP, a comment, a thumbnail's bytes and something behind its end."""
    plain = jpeg(image, exif=exif(orientation))
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>" + SECRET.encode() + b"</x:xmpmeta>"
    extra = _segment(0xE1, xmp) + _segment(0xED, SECRET.encode()) + _segment(0xFE, SECRET.encode())
    return plain[:2] + extra + plain[2:] + SECRET.encode()


def png(image: Image.Image | None = None, **options: object) -> bytes:
    target = BytesIO()
    (image or corners()).save(target, "PNG", **options)
    return target.getvalue()


def png_header(width: int, height: int, *, bits: int = 8, colour: int = 0) -> bytes:
    """Return a PNG that claims a size and holds nothing."""
    body = b"IHDR" + struct.pack(">II5B", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def webp(image: Image.Image | None = None, **options: object) -> bytes:
    target = BytesIO()
    (image or corners()).save(target, "WEBP", **{"quality": 90, **options})
    return target.getvalue()


def avif(image: Image.Image | None = None, **options: object) -> bytes:
    target = BytesIO()
    (image or corners()).save(target, "AVIF", **{"quality": 90, "speed": 9, **options})
    return target.getvalue()


def gif(*frames: Image.Image, **options: object) -> bytes:
    target = BytesIO()
    first, *others = frames or (corners(),)
    first.save(target, "GIF", save_all=bool(others), append_images=others, **options)
    return target.getvalue()


needs_avif = pytest.mark.skipif(not reads_avif(), reason="This Pillow reads no AVIF.")


def other_profile() -> bytes:
    """A colour profile that is not sRGB: red and blue of an sRGB one change places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(int.from_bytes(profile[128:132], "big")):
        at = 132 + 12 * index
        name = bytes(profile[at : at + 4])
        if name in (b"rXYZ", b"bXYZ"):
            profile[at : at + 4] = b"bXYZ" if name == b"rXYZ" else b"rXYZ"
    return (
        bytes(profile).replace(b"sRGB", b"Swap").replace(b"s\x00R\x00G\x00B", b"S\x00w\x00a\x00p")
    )


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def written(folder: Path, data: bytes, name: str = "photo.bin") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def near(image: Image.Image, at: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    """Return whether the pixel at these shares of width and height has about this colour."""
    pixel = image.convert("RGB").getpixel((int(at[0] * image.width), int(at[1] * image.height)))
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 25 for a, b in zip(pixel, colour, strict=True))


def upright(image: Image.Image) -> bool:
    """Return whether the four corners are where :func:`corners` put them."""
    return (
        near(image, (0.2, 0.2), RED)
        and near(image, (0.8, 0.2), GREEN)
        and near(image, (0.8, 0.8), BLUE)
        and near(image, (0.2, 0.8), WHITE)
    )


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return the picture as a camera held this way stores it."""
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return image.transpose(stored[orientation]) if orientation in stored else image


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload
