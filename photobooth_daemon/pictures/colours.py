"""Brings what a decoder gave to sRGB: eight bits, RGB or RGBA.

It goes band by band, and may come out smaller at once. So no second picture of the first one's
size is made, and no call keeps the interpreter's lock for longer than a band takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageCms

from photobooth_daemon.errors import InvalidImage

LONGEST_PROFILE_BYTES = 4 << 20
"""Those of printing presses have up to two megabytes, a camera's has a thousandth of that."""
_BAND_PIXELS = 1 << 18
"""A millisecond or so, in which Pillow keeps the interpreter's lock."""
_WITH_ALPHA = ("LA", "PA", "RGBA", "RGBa")
_PROFILED = ("RGB", "CMYK", "L")


def in_srgb(image: Image.Image, profile: bytes | None, *, shrink: int = 1) -> Image.Image:
    """Return the picture in sRGB, each edge divided by ``shrink``; it may be the same object.

    Raises:
        InvalidImage: its colours cannot be computed.
    """
    transparent = image.mode in _WITH_ALPHA or "transparency" in image.info
    mode = "RGBA" if transparent else "RGB"
    transform = _transform(image.mode, profile)
    if transform is None and shrink == 1 and image.mode == mode:
        return image
    kept = shrink == 1 and image.mode == mode
    target = image if kept else Image.new(mode, _divided(image.size, shrink), None)
    for top, band in _bands(image, shrink):
        try:
            target.paste(_reduced(_converted(band, mode, transform), shrink), (0, top // shrink))
        except ImageCms.PyCMSError as error:
            raise InvalidImage from error
    return target


def reduced(image: Image.Image, shrink: int) -> Image.Image:
    """Return an RGB or RGBA picture with each edge divided by ``shrink``."""
    return in_srgb(image, None, shrink=shrink)


def on_background(image: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Return the picture without transparency, laid on a colour."""
    if image.mode != "RGBA":
        return image
    target = Image.new("RGB", image.size, None)
    for top, band in _bands(image, 1):
        ground = Image.new("RGB", band.size, colour)
        ground.paste(band, mask=band.getchannel("A"))
        target.paste(ground, (0, top))
    return target


def describes_srgb(profile: bytes) -> bool:
    """Return whether a colour profile calls itself sRGB in its description."""
    for index in range(min(int.from_bytes(profile[128:132], "big"), 100)):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if entry[:4] == b"desc":
            at, size = (int.from_bytes(entry[n : n + 4], "big") for n in (4, 8))
            text = profile[at + 8 : at + size].replace(b"\x00", b"")
            # Behind a length or a language; further on stand the likes of
            # "DCI-P3 D65 Gamut with sRGB Transfer".
            return 0 <= text.find(b"sRGB") < 20
    return False


def _transform(mode: str, profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """Return what leads from the profile to sRGB; None where it is of no use or not needed."""
    if not profile or len(profile) > LONGEST_PROFILE_BYTES or describes_srgb(profile):
        return None
    mode = "L" if _is_deep(mode) else mode
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        known = mode if mode in _PROFILED else "RGB"
        return ImageCms.buildTransform(source, target, known, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # A photo with a broken profile is shown without it everywhere; so here.
        return None


def _converted(
    band: Image.Image, mode: str, transform: ImageCms.ImageCmsTransform | None
) -> Image.Image:
    if _is_deep(band.mode):
        band = band.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if transform is None:
        return band if band.mode == mode else band.convert(mode)
    alpha = band.convert("RGBA").getchannel("A") if mode == "RGBA" else None
    plain = band if band.mode in _PROFILED else band.convert("RGB")
    converted = ImageCms.applyTransform(plain, transform)
    if converted is None:
        raise InvalidImage
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _is_deep(mode: str) -> bool:
    """Return whether a mode has more than eight bits of grey."""
    return mode.startswith(("I", "F"))


def _reduced(band: Image.Image, shrink: int) -> Image.Image:
    return band.reduce(shrink) if shrink > 1 else band


def _bands(image: Image.Image, multiple: int) -> Iterator[tuple[int, Image.Image]]:
    """Yield copies of all rows in turn, each with its top; tops are multiples of the number."""
    rows = max(1, _BAND_PIXELS // (image.width * multiple)) * multiple
    for top in range(0, image.height, rows):
        bottom = min(image.height, top + rows)
        yield top, image.crop((0, top, image.width, bottom))


def _divided(size: tuple[int, int], divisor: int) -> tuple[int, int]:
    return -(-size[0] // divisor), -(-size[1] // divisor)
