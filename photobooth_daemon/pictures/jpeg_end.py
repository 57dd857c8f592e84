"""A JPEG that lacks its end gets one, where every pixel is there.

Some cameras leave the end marker away, and a card may fill the rest of a file
with zeros. Pillow calls such a file truncated and says no more, so it is
decoded with several continuations: pixels that come out the same in all
of them do not depend on what is missing.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.pictures.jpeg import JpegHeader, end_of_pixels

END = b"\xff\xd9"
_TAIL_BYTES = 1 << 16
_ROWS_AT_ONCE = 256
_RESTARTS = range(0xD0, 0xD8)
_CONTINUATIONS = (bytes(96), b"\xa5\x3c" * 48, b"\xd2\x4b\x79" * 32)
"""Two may come to the same by chance, in white that cannot become whiter; so there are three."""


def jpeg_with_end(file: BinaryIO, jpeg: JpegHeader) -> BinaryIO:
    """Return the file, or a whole copy in memory where only its end marker is missing.

    Raises:
        InvalidImage: pixels are missing, too. Pillow raises its own for what it cannot read.
    """
    size_bytes = file.seek(0, 2)
    file.seek(max(jpeg.scan_at, size_bytes - _TAIL_BYTES))
    if END in file.read():
        return file
    file.seek(0)
    data = file.read()
    # Inside a scan FF is followed by 00 or a restart marker: this is an end, further up.
    if data.find(END, jpeg.scan_at) >= 0:
        return file
    pixels = data[: end_of_pixels(data)]
    first, *others = _CONTINUATIONS
    checksum = _decoded(pixels, first)
    if any(_decoded(pixels, other) != checksum for other in others):
        raise InvalidImage
    return BytesIO(pixels + END)


def _decoded(pixels: bytes, continuation: bytes) -> int:
    """Return a checksum of the picture that these bytes give if more follow."""
    # Where only whole restart intervals are missing, a decoder paints them grey unless it
    # finds the marker that it waits for, which may be any of the eight.
    more = b"".join(continuation + bytes((0xFF, marker)) for marker in _RESTARTS)
    with Image.open(BytesIO(pixels + more + continuation + END), formats=["JPEG"]) as image:
        image.load()
        checksum = 0
        for top in range(0, image.height, _ROWS_AT_ONCE):
            rows = image.crop((0, top, image.width, min(image.height, top + _ROWS_AT_ONCE)))
            checksum = zlib.crc32(rows.tobytes(), checksum)
    return checksum
