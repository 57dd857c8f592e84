"""The segments of a JPEG file: what it says about itself, and a copy without metadata.

Nothing is decoded here. A file that would cost a decoder much more than its
size lets one expect (thousands of segments or scans) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from photobooth_daemon.errors import InvalidImage
from photobooth_daemon.model import MB
from photobooth_daemon.pictures.exif import orientation_of

MOST_SEGMENTS = 2_000
"""Before the first scan. Extended XMP and depth maps take some eighty."""
MOST_SCANS = 100
MOST_SCANNED_PIXELS = 1_000_000_000
"""A progressive file has about ten scans; a decoder walks the whole picture for each."""

SOI, EOI, SOS, COM = 0xD8, 0xD9, 0xDA, 0xFE
APP0, APP1, APP2, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SEQUENTIAL_FRAMES = frozenset({0xC0, 0xC1})
_HUFFMAN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_BLOCK_BYTES = MB
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_ICC = b"ICC_PROFILE\x00"
_EXIF = b"Exif\x00\x00"


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What stands before the first scan. Width and height are as stored, not as displayed."""

    width: int
    height: int
    components: int
    common: bool
    """Eight bits, Huffman-coded, baseline or progressive, one or three components."""
    several_scans: bool
    scan_at: int
    """Where the first scan starts in the file; thumbnails with ends of their own lie before it."""
    orientation: int
    icc_profile: bytes | None


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    start: int
    payload: bytes

    @property
    def end(self) -> int:
        return self.start + 4 + len(self.payload)


def read_jpeg_header(file: BinaryIO) -> JpegHeader:
    """Return what the file says about itself.

    Raises:
        InvalidImage: there is no readable frame header before the first scan.
    """
    frame: _Segment | None = None
    scan_components = scan_at = 0
    orientation = 1
    icc_parts: dict[int, bytes] = {}
    for segment in _segments(file):
        if segment.marker in _FRAMES:
            if frame is not None or len(segment.payload) < 6:
                raise InvalidImage
            frame = segment
        elif segment.marker == SOS:
            scan_components = segment.payload[0] if segment.payload else 0
            scan_at = segment.start
        elif segment.marker == APP1 and segment.payload.startswith(_EXIF):
            orientation = orientation_of(segment.payload[len(_EXIF) :])
        elif segment.marker == APP2 and segment.payload.startswith(_ICC):
            number = segment.payload[len(_ICC) : len(_ICC) + 1]
            icc_parts[number[0] if number else 0] = segment.payload[len(_ICC) + 2 :]
    if frame is None:
        raise InvalidImage
    height, width = (int.from_bytes(frame.payload[at : at + 2], "big") for at in (1, 3))
    components = frame.payload[5]
    if not width or not height:
        raise InvalidImage
    return JpegHeader(
        width=width,
        height=height,
        components=components,
        common=(frame.marker in _HUFFMAN_FRAMES and frame.payload[0] == 8 and components in (1, 3)),
        several_scans=frame.marker not in _SEQUENTIAL_FRAMES or scan_components != components,
        scan_at=scan_at,
        orientation=orientation,
        icc_profile=b"".join(icc_parts[n] for n in sorted(icc_parts)) or None,
    )


def check_scans(file: BinaryIO, pixels: int) -> None:
    """Refuse a file with so many scans that decoding it would hold a thread for long.

    Raises:
        InvalidImage: it has more than ``MOST_SCANS``, or too many for its size.
    """
    if count_scans(file) > min(MOST_SCANS, MOST_SCANNED_PIXELS // max(1, pixels)):
        raise InvalidImage("The picture has too many scans.")


def count_scans(file: BinaryIO) -> int:
    """Return how many scans a file has; of too many, that there are more."""
    # Inside a scan FF is always followed by 00 or a restart marker, so that these
    # two bytes are a scan's start wherever they are not part of a thumbnail.
    file.seek(0)
    scans = 0
    last = b""
    while block := file.read(_BLOCK_BYTES):
        scans += (last + block).count(b"\xff\xda")
        last = block[-1:]
        if scans > MOST_SCANS:
            break
    return scans


def without_metadata(data: bytes) -> bytes:
    """Return the same picture without EXIF, XMP, IPTC, colour profile, thumbnails and comments.

    Not one coefficient changes. What follows the picture's end is cut too.

    Raises:
        InvalidImage: the segments cannot be told apart, or the end is missing.
    """
    view = memoryview(data)
    kept: list[bytes | memoryview] = [b"\xff\xd8"]
    file = BytesIO(data)
    at = 2
    while True:
        for segment in _segments(file, at):
            kept.extend(_kept(segment, view))
            at = segment.end
        following = _MARKER_IN_SCAN.search(data, at)
        if following is None:
            raise InvalidImage
        kept.append(view[at : following.start()])
        at = following.start()
        if data[at + 1] == EOI:
            kept.append(b"\xff\xd9")
            return b"".join(kept)


def end_of_pixels(data: bytes) -> int:
    """Return where the last scan of a file ends that has no end marker.

    Raises:
        InvalidImage: scans are missing: some coefficients would never be told in full.
    """
    file = BytesIO(data)
    missing: set[tuple[int, int]] = set()
    at = end = 2
    try:
        for _ in range(MOST_SCANS + 1):
            for segment in _segments(file, at):
                missing = _still_missing(missing, segment)
                at = segment.end
            following = _MARKER_IN_SCAN.search(data, at)
            at = end = following.start() if following else len(data)
    except InvalidImage:
        # What follows the last scan is no segment: the file was cut there, or it is padding.
        pass
    if missing or end == 2:
        raise InvalidImage
    return _without_padding(data, end)


def _still_missing(missing: set[tuple[int, int]], segment: _Segment) -> set[tuple[int, int]]:
    """Return the components' coefficients that no scan up to this segment has told in full."""
    payload = segment.payload
    if segment.marker in _FRAMES:
        components = payload[6::3][: payload[5]]
        return {(component, number) for component in components for number in range(64)}
    if segment.marker != SOS or not payload or len(payload) < 4 + 2 * payload[0]:
        return missing
    components, (first, last, bits) = payload[1 : 1 + 2 * payload[0] : 2], payload[-3:]
    if bits & 0x0F:
        return missing
    return missing - {(c, n) for c in components for n in range(first, last + 1)}


def _without_padding(data: bytes, end: int) -> int:
    """Return where a scan ends whose rest is one byte over and over, as of an empty card."""
    while end and data[end - 1] == 0xFF:
        end -= 1
    padding = data[end - 1 : end]
    # The first of the zeros may belong to an FF that is stuffed with it.
    return min(end, len(data[:end].rstrip(padding)) + 1)


def _kept(segment: _Segment, view: memoryview) -> Iterator[bytes | memoryview]:
    marker, payload = segment.marker, segment.payload
    if marker == APP0 and payload.startswith(b"JFIF\x00"):
        # Decoders read the colour space from its presence; its thumbnail goes.
        yield _JFIF
        return
    adobe = marker == APP14 and payload.startswith(b"Adobe")
    if adobe or not (APP0 <= marker <= APP15 or marker == COM):
        yield view[segment.start : segment.end]


def _segments(file: BinaryIO, at: int = 2) -> Iterator[_Segment]:
    """Yield the segments from ``at`` on, the first start of a scan being the last of them."""
    file.seek(at)
    for _ in range(MOST_SEGMENTS):
        marker, at = _next_marker(file, at)
        if marker in _STANDALONE:
            continue
        if marker in (SOI, EOI, 0x00):
            raise InvalidImage
        length = int.from_bytes(_exactly(file, 2), "big")
        if length < 2:
            raise InvalidImage
        segment = _Segment(marker, at - 2, _exactly(file, length - 2))
        yield segment
        if marker == SOS:
            return
        at = segment.end
    raise InvalidImage("The picture has too many segments.")


def _next_marker(file: BinaryIO, at: int) -> tuple[int, int]:
    """Return the next marker and the offset behind it; fill bytes may stand before it."""
    if _exactly(file, 1) != b"\xff":
        raise InvalidImage
    for skipped in range(MOST_SEGMENTS):
        marker = _exactly(file, 1)[0]
        if marker != 0xFF:
            return marker, at + 2 + skipped
    raise InvalidImage


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise InvalidImage
    return data
