"""What a picture file says about itself, read from its first bytes without decoding.

Pillow is asked only after this: a picture whose header claims more pixels than
allowed never reaches a decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.model import MB
from photobooth_daemon.pictures.exif import orientation_of, turns_sideways
from photobooth_daemon.pictures.jpeg import JpegHeader, count_scans, read_jpeg_header
from photobooth_daemon.pictures.kinds import AVIF, GIF, JPEG, PNG, WEBP

EXTENSIONS = {JPEG: "jpg", PNG: "png", WEBP: "webp", AVIF: "avif"}

LONGEST_EDGE_PX = 30_000
"""A decoder keeps tens of bytes for each row beside its pixels: 59 million rows of one pixel
take two gigabytes. Up to here that is nothing beside the four bytes of a pixel."""
MOST_WEBP_PIXELS = 17_000_000
"""4096 x 4096 and a little: a provider makes no larger ones, and no camera any. The decoder keeps
two canvases beside the picture and hands over a copy, 19 bytes a pixel."""
_DECODED_TIMES = {WEBP: 5, AVIF: 4, GIF: 2}
"""How many times four bytes a pixel a decoder holds at most."""
_SEVERAL_SCANS_TIMES = 2.5
"""The same of a JPEG whose coefficients are all kept until the last scan, six bytes a pixel."""
_SCAN_TIMES = 0.15
"""What one scan takes, of the time that a pixel without them takes."""
_SHRUNK_TIMES = 0.5
"""The same of a JPEG that the decoder itself makes smaller."""
MOST_CHUNKS = 50_000
"""A PNG of 50 MB in the customary chunks of 8 KB has 6,400."""
_GIF_EXTENSION, _GIF_IMAGE = 0x21, 0x2C
_LONGEST_EXIF = MB
_COLOURS = (b"\x02", b"\x06")
"""A PNG's colour types of three and four samples (PNG, 11.2.2), of 16 bits each eight bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """A picture's kind and size. Width and height are as stored; displayed() turns them."""

    content_type: str
    width: int
    height: int
    orientation: int = 1
    jpeg: JpegHeader | None = None
    pixel_bytes: int = 4
    """What a decoder takes of a pixel."""

    def displayed(self) -> tuple[int, int]:
        """Return width and height as a viewer shows them."""
        if turns_sideways(self.orientation):
            return self.height, self.width
        return self.width, self.height


def decoded_megapixels(content_type: str, width: int, height: int) -> float:
    """Return how large a picture is while it is decoded, in megapixels of four bytes a pixel."""
    return width * height * _DECODED_TIMES.get(content_type, 1) / 1e6


def megapixels_within(file: BinaryIO, header: Header, *, shrunk: bool = False) -> float:
    """Return the same of a file whose header is known; where time counts for more, that counts.

    ``shrunk`` says that only a smaller copy of it is wanted, as of a photo that is prepared.
    """
    plain = decoded_megapixels(header.content_type, header.width, header.height)
    if header.jpeg is None:
        return plain * header.pixel_bytes / 4
    if header.jpeg.several_scans:
        return plain * max(_SEVERAL_SCANS_TIMES, _SCAN_TIMES * count_scans(file))
    return plain * _SHRUNK_TIMES if shrunk else plain


def read_header(file: BinaryIO, content_type: str, *, max_pixels: int) -> Header:
    """Return the header of a file whose kind is known.

    Raises:
        InvalidImage: it is broken, or claims more than ``max_pixels`` of four bytes each.
    """
    file.seek(0)
    if content_type == JPEG:
        jpeg = read_jpeg_header(file)
        header = Header(JPEG, jpeg.width, jpeg.height, jpeg.orientation, jpeg)
    elif content_type == PNG:
        header = _png_header(file)
    elif content_type == GIF:
        header = _gif_header(file)
    elif content_type == AVIF:
        # Pillow is loaded by those alone who read pictures, not by those who tell their kinds.
        from photobooth_daemon.pictures.avif import avif_size

        header = Header(AVIF, *avif_size(file))
    else:
        header = _webp_header(file)
    if not header.width or not header.height:
        raise InvalidImage
    if max(header.width, header.height) > LONGEST_EDGE_PX:
        raise InvalidImage(
            f"The picture has {header.width} x {header.height} pixels; "
            f"an edge may have {LONGEST_EDGE_PX} at most."
        )
    most_pixels = max_pixels * 4 // header.pixel_bytes
    if content_type == WEBP:
        most_pixels = min(most_pixels, MOST_WEBP_PIXELS)
    if header.width * header.height > most_pixels:
        raise InvalidImage(
            f"The picture has {header.width} x {header.height} pixels; "
            f"at most {most_pixels} are taken."
        )
    return header


def _png_header(file: BinaryIO) -> Header:
    width = height = 0
    orientation = 1
    pixel_bytes = 4
    for name, size, start in _chunks(file, 8, "big"):
        if not width:
            if name != b"IHDR" or size != 13:
                raise InvalidImage
            data = file.read(10)
            width, height = (int.from_bytes(data[at : at + 4], "big") for at in (0, 4))
            if data[8:9] == b"\x10" and data[9:10] in _COLOURS:
                pixel_bytes = 8
        elif name == b"eXIf" and size <= _LONGEST_EXIF:
            file.seek(start)
            orientation = orientation_of(file.read(size))
        if name == b"IEND":
            break
    return Header(PNG, width, height, orientation, pixel_bytes=pixel_bytes)


def _webp_header(file: BinaryIO) -> Header:
    width = height = 0
    orientation = 1
    for name, size, start in _chunks(file, 12, "little"):
        if not width:
            file.seek(start)
            width, height = _webp_size(name, file.read(10))
            if name != b"VP8X":
                break
        elif name == b"EXIF" and size <= _LONGEST_EXIF:
            file.seek(start)
            orientation = orientation_of(file.read(size).removeprefix(b"Exif\x00\x00"))
    return Header(WEBP, width, height, orientation)


def _gif_header(file: BinaryIO) -> Header:
    """Return the size of the screen; the first frame, which alone is read, must fit in it."""
    head = file.read(13)
    if len(head) < 13:
        raise InvalidImage
    width, height = (int.from_bytes(head[at : at + 2], "little") for at in (6, 8))
    at = 13 + _gif_table_bytes(head[10])
    in_extension = False
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        block = file.read(10)
        if not block:
            raise InvalidImage
        if in_extension:
            # Pieces behind their lengths, the last being empty.
            in_extension = block[0] > 0
            at += 1 + block[0]
        elif block[0] == _GIF_EXTENSION:
            in_extension = True
            at += 2
        elif block[0] == _GIF_IMAGE and len(block) == 10:
            numbers = (int.from_bytes(block[n : n + 2], "little") for n in (1, 3, 5, 7))
            left, top, across, down = numbers
            if left + across > width or top + down > height:
                raise InvalidImage
            return Header(GIF, width, height)
        else:
            raise InvalidImage
    raise InvalidImage("The picture has too many chunks.")


def _gif_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp_size(name: bytes, data: bytes) -> tuple[int, int]:
    if len(data) < 10:
        raise InvalidImage
    if name == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (4, 7))
        return width, height
    if name == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return width, height
    if name == b"VP8L" and data[:1] == b"\x2f":
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise InvalidImage


def _chunks(file: BinaryIO, at: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, size and start of each chunk: PNG's (size first) or RIFF's (name first)."""
    png = order == "big"
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        name, length = (head[4:], head[:4]) if png else (head[:4], head[4:])
        size = int.from_bytes(length, "big" if png else "little")
        yield name, size, at + 8
        # A PNG chunk ends with a checksum; a RIFF chunk is padded to an even size.
        at += 8 + size + (4 if png else size % 2)
    raise InvalidImage("The picture has too many chunks.")
