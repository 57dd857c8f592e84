"""Decodes and encodes pictures with Pillow, whose own exceptions end here.

A decoded picture is upright, in sRGB, eight bits, RGB or RGBA, without metadata.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

from PIL import Image, PngImagePlugin

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.model import MB
from photobooth_daemon.pictures.apart import decoded_apart
from photobooth_daemon.pictures.colours import in_srgb, on_background, reduced
from photobooth_daemon.pictures.headers import Header
from photobooth_daemon.pictures.jpeg import check_scans
from photobooth_daemon.pictures.jpeg_end import jpeg_with_end
from photobooth_daemon.pictures.kinds import AVIF, GIF, JPEG, PNG, WEBP

# Pillow's own guard against decompression bombs, at the highest value that the
# setting max_pixels can have; the setting itself is checked before Pillow is asked.
MOST_PIXELS = 200_000_000
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
# What a PNG's texts may unpack to; they are dropped, but Pillow keeps them until then.
PngImagePlugin.MAX_TEXT_MEMORY = 4 * MB
# Up to twice as much it only warns; the header's size is looked at before, or right after.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# It warns of broken metadata, which is dropped anyway, on standard error.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

Resampling = Image.Resampling

_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP", AVIF: "AVIF", GIF: "GIF"}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DCT_SCALES = (8, 4, 2)
_REDUCING_GAP = 2.0
"""How many times as large as wanted a picture is left by what averages in whole steps: the
resampling that follows then has enough to choose from."""
MOST_WEBP_PIXELS_HERE = 4_000_000
"""Providers' usual ones have 1.5 million; a process of its own costs 0.2 s of processor time."""
PIECE_BYTES = MB
"""Of a file, as a decoder gets it."""
_WHITE = (255, 255, 255)


def decode(
    file: BinaryIO, header: Header, *, dct_scale: int = 1, edge_px: int | None = None
) -> Image.Image:
    """Return the picture, upright, in sRGB; a JPEG at ``1 / dct_scale`` of its size.

    Where only ``edge_px`` of its longest edge are wanted, it comes with twice as many or more.
    A WEBP that would keep everything else waiting is decoded in a process of its own.

    Raises:
        InvalidImage: it is truncated or corrupt.
    """
    if header.content_type == WEBP and header.width * header.height > MOST_WEBP_PIXELS_HERE:
        with _named_failures():
            return decoded_apart(file, WEBP, edge_px)
    return decode_here(file, header, dct_scale=dct_scale, edge_px=edge_px)


def decode_here(
    file: BinaryIO, header: Header, *, dct_scale: int = 1, edge_px: int | None = None
) -> Image.Image:
    """Return the same, decoded in this process.

    Raises:
        InvalidImage: it is truncated or corrupt.
    """
    with _named_failures():
        image = _opened(file, header)
        if dct_scale > 1 and header.content_type == JPEG:
            image.draft(None, _at_scale(header, dct_scale))
        profile = image.info.get("icc_profile")
        image.load()
        image = in_srgb(image, profile, shrink=_shrink_for(image.size, edge_px))
    turn = _UPRIGHT.get(header.orientation)
    if turn is not None:
        image = image.transpose(turn)
    # Pillow writes some of what it read (comments, profiles) into the files it makes.
    image.info = {}
    return image


def with_end(file: BinaryIO, header: Header) -> BinaryIO:
    """Return the file, or a copy with its end where a JPEG lacks nothing else.

    Raises:
        InvalidImage: pixels are missing before that end.
    """
    if header.jpeg is None:
        return file
    with _named_failures():
        return jpeg_with_end(file, header.jpeg)


def prove_complete(file: BinaryIO, header: Header) -> None:
    """Read all of a JPEG's coefficients at the least cost that finds a truncated file.

    Raises:
        InvalidImage: it is truncated or corrupt.
    """
    with _named_failures():
        image = _opened(file, header)
        image.draft("L", _at_scale(header, 8))
        image.load()


def dct_scale_for(header: Header, edge_px: int) -> int:
    """Return the largest scale at which a JPEG still has ``edge_px`` along its longest edge."""
    if header.content_type != JPEG:
        return 1
    longest = max(header.width, header.height)
    return next((s for s in _DCT_SCALES if longest // s >= edge_px), 1)


def dct_scale_landing(header: Header, edge_px: int, least_share: float) -> int | None:
    """Return the scale that brings a JPEG to ``edge_px`` or a little under it, if there is one."""
    if header.content_type != JPEG:
        return None
    longest = max(header.width, header.height)
    for scale in _DCT_SCALES:
        if least_share * edge_px <= -(-longest // scale) <= edge_px:
            return scale
    return None


def fitted(size: tuple[int, int], edge_px: int) -> tuple[int, int]:
    """Return the size scaled down to the longest edge; never up, never to nothing."""
    width, height = size
    longest = max(width, height)
    if longest <= edge_px:
        return size
    return (
        max(1, round(width * edge_px / longest)),
        max(1, round(height * edge_px / longest)),
    )


def scaled(image: Image.Image, size: tuple[int, int], resampling: Resampling) -> Image.Image:
    """Return the picture at ``size``; far smaller ones are averaged in whole steps first."""
    if image.size == size:
        return image
    if image.mode == "RGBA":
        # Pillow would make a copy for each step.
        shrink = min(image.width // size[0], image.height // size[1])
        image = reduced(image, max(1, int(shrink / _REDUCING_GAP)))
    return image.resize(size, resampling, reducing_gap=_REDUCING_GAP)


def has_transparency(image: Image.Image) -> bool:
    """Return whether any pixel lets something through."""
    return image.mode == "RGBA" and image.getchannel("A").getextrema()[0] != 255


def encode_jpeg(image: Image.Image, quality: int) -> bytes:
    """Return the picture as a JPEG."""
    target = BytesIO()
    image.save(target, "JPEG", quality=quality)
    return target.getvalue()


def encode_png(image: Image.Image) -> bytes:
    """Return the picture as a PNG, packed quickly rather than tightly."""
    target = BytesIO()
    image.save(target, "PNG", compress_level=2)
    return target.getvalue()


def encode_webp(image: Image.Image, quality: int, *, method: int) -> bytes:
    """Return the picture as a WEBP; method 0 is the quickest, 6 the tightest."""
    target = BytesIO()
    image.save(target, "WEBP", quality=quality, method=method)
    return target.getvalue()


def encode(image: Image.Image, content_type: str, quality: int) -> bytes:
    """Return the picture as a result is kept, on white where its kind knows no transparency."""
    if content_type == PNG:
        return encode_png(image)
    if content_type == WEBP:
        return encode_webp(image, quality, method=2)
    return encode_jpeg(on_background(image, _WHITE), quality)


def _at_scale(header: Header, dct_scale: int) -> tuple[int, int]:
    """Return the proportions that make draft() choose this scale: the picture's own."""
    return max(1, header.width // dct_scale), max(1, header.height // dct_scale)


def _shrink_for(size: tuple[int, int], edge_px: int | None) -> int:
    """Return by how much to divide the edges so that what is wanted can still be made well."""
    return 1 if edge_px is None else max(1, int(max(size) / edge_px / _REDUCING_GAP))


def _opened(file: BinaryIO, header: Header) -> Image.Image:
    if header.jpeg is not None and header.jpeg.several_scans:
        check_scans(file, header.width * header.height)
    file = with_end(file, header)
    file.seek(0)
    image = Image.open(file, formats=[_FORMATS[header.content_type]])
    # Each piece is a call of the decoder, after which it waits for the interpreter's lock.
    image.decodermaxblock = PIECE_BYTES
    if image.size != (header.width, header.height):
        raise InvalidImage
    return image


@contextmanager
def _named_failures() -> Iterator[None]:
    """Turn whatever a decoder raises about hostile bytes into one named failure.

    A failing disk keeps its own name: it says nothing about the picture.
    """
    try:
        yield
    except InvalidImage:
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise InvalidImage from error
    except Exception as error:
        # Pillow's decoders raise anything from SyntaxError to struct.error and
        # zlib.error on broken bytes, and a list of them would always be short of one.
        raise InvalidImage from error
