"""Lays a QR code, and a line of text, on a picture that goes back to a booth.

The code is read from a print of 10 × 15 cm, so it stands on a white plate with its quiet
zone, away from the edge that printers cut off. Everything here blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from io import BytesIO

import segno
from PIL import Image, ImageDraw, ImageFont

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.model import Output, PictureBytes
from photobooth_daemon.model.events import Corner, Stamp
from photobooth_daemon.pictures.codec import MOST_PIXELS, decode, encode
from photobooth_daemon.pictures.headers import read_header

QUIET_MODULES = 4
"""What ISO 18004 asks for around a code."""
LEAST_MODULE_SHARE = 0.0027
"""Of the picture's shorter edge: below it, a module of a print is lost in the printer's blur."""
MARGIN_SHARE = 0.03
"""How far the plate stays from the picture's edges: borderless printers cut off 2 mm of 100."""
TEXT_SHARE = 0.13
"""A line's height, of the code's edge."""
WIDEST_TEXT = 2.0
"""How much wider than the code the line may get before its letters are made smaller."""
SMALLEST_TEXT_PX = 8
_MASK = 3
"""Trying all eight masks costs 15 ms a photo, and this one is read as well."""
_FINE = 8
_INK = bytes((255, 0)) + bytes(254)
"""A module's colour by what the code says of it: 1 is dark."""
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class StampOrder:
    """What to lay on a picture as soon as it is decoded, unless ``until`` has passed by then."""

    stamp: Stamp
    link: str
    until: Deadline


def stamped(picture: PictureBytes, output: Output, stamp: Stamp, link: str) -> PictureBytes:
    """Return the picture with the link on it as a code, in its own format and size.

    Raises:
        InvalidImage: it is truncated or corrupt.
    """
    file = BytesIO(picture.data)
    header = read_header(file, picture.content_type, max_pixels=MOST_PIXELS)
    image = decode(file, header)
    lay_on(image, stamp, link)
    data = encode(image, picture.content_type, output.quality)
    return PictureBytes(data, picture.content_type, *image.size)


def lay_on(image: Image.Image, stamp: Stamp, link: str) -> None:
    """Change a decoded picture into the stamped one."""
    plate = _plate(min(image.size), stamp, link)
    image.paste(plate, _place(image.size, plate.size, stamp.corner))


def _plate(shorter_px: int, stamp: Stamp, link: str) -> Image.Image:
    """Return the white plate with the code, and the text under it."""
    code = segno.make(link, error="m", micro=False, mask=_MASK)
    modules = int(code.symbol_size(border=QUIET_MODULES)[0])
    share = max(stamp.size_percent / 100, modules * LEAST_MODULE_SHARE)
    edge = max(modules, round(shorter_px * share))
    drawn = _drawn(code, modules, edge)
    if not stamp.text:
        return drawn
    line = _line(stamp.text, round(edge * TEXT_SHARE), round(edge * WIDEST_TEXT))
    quiet = round(edge * QUIET_MODULES / modules)
    size = (max(edge, line.width + 2 * quiet), edge + line.height + quiet)
    plate = Image.new("RGB", size, _WHITE)
    plate.paste(drawn, ((plate.width - edge) // 2, 0))
    plate.paste(line, ((plate.width - line.width) // 2, edge))
    return plate


@lru_cache(maxsize=16)
def _line(text: str, height_px: int, widest_px: int) -> Image.Image:
    """Return the text, black on white, and no more: an evening's pictures have the same."""
    font = _font(height_px, text, widest_px)
    left, top, right, bottom = (round(value) for value in font.getbbox(text))
    line = Image.new("RGB", (right - left, bottom - top), _WHITE)
    ImageDraw.Draw(line).text((-left, -top), text, _BLACK, font)
    return line


def _drawn(code: segno.QRCode, modules: int, edge: int) -> Image.Image:
    """Return the code with its quiet zone, at any size: fine first, then brought to it."""
    inner = modules - 2 * QUIET_MODULES
    dots = b"".join(code.matrix).translate(_INK)
    small = Image.new("L", (modules, modules), 255)
    small.paste(Image.frombytes("L", (inner, inner), dots), (QUIET_MODULES, QUIET_MODULES))
    fine = small.resize((modules * _FINE, modules * _FINE), Image.Resampling.NEAREST)
    return fine.resize((edge, edge), Image.Resampling.BOX).convert("RGB")


def _font(height_px: int, text: str, widest_px: int) -> ImageFont.FreeTypeFont:
    """Return the letters, as high as asked for or so high that the line fits."""
    font = _font_of(max(height_px, SMALLEST_TEXT_PX))
    width_px = font.getlength(text)
    if width_px <= widest_px:
        return font
    return _font_of(max(int(font.size * widest_px / width_px), SMALLEST_TEXT_PX))


def _font_of(height_px: int) -> ImageFont.FreeTypeFont:
    # Pillow's own font has no Cyrillic letters.
    with as_file(files("photobooth_daemon.pictures") / "fonts" / "DejaVuSans.ttf") as path:
        return ImageFont.truetype(str(path), height_px, layout_engine=ImageFont.Layout.BASIC)


def _place(size: tuple[int, int], plate: tuple[int, int], corner: Corner) -> tuple[int, int]:
    margin = round(min(size) * MARGIN_SHARE)
    left = corner in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)
    top = corner in (Corner.TOP_LEFT, Corner.TOP_RIGHT)
    return (
        margin if left else max(0, size[0] - margin - plate[0]),
        margin if top else max(0, size[1] - margin - plate[1]),
    )
