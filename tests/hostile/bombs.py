"""Pictures that are small on the wire and huge, slow or endless for a careless reader."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO

from PIL import Image

from photobooth_daemon.pictures.kinds import reads_avif
from tests.support.sample_pictures import jpeg, noise, png

MB = 1024 * 1024
_NOTHING = bytes(MB)
GRAY, RGB, RGBA = 0, 2, 6
_SAMPLES = {GRAY: 1, RGB: 3, RGBA: 4}
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
_LAST_PASS = (0, 1, 1, 2)
WIDE_PHOTO, WIDE_RESULT, WIDE_WEBP = (7_700, 7_700), (6_300, 6_300), (4_120, 4_120)
"""As many pixels as are taken: of a camera by default, of a provider, of a WEBP."""
DEEP_PHOTO, DEEP_RESULT = (5_470, 5_470), (4_460, 4_460)
"""The same of eight bytes a pixel."""


def photos() -> dict[str, bytes]:
    """What a camera with the right password may send, by name; templates too."""
    return {
        "a column of 59,000,000 rows": png_of(1, 59_000_000),
        "PNG of 59 megapixels": png_of(*WIDE_PHOTO, RGB),
        "interlaced PNG of 64 bits a pixel": png_of(*DEEP_PHOTO, RGBA, bits=16, interlaced=True),
        "the same of 59 megapixels": png_of(*WIDE_PHOTO, RGBA, bits=16, interlaced=True),
        "texts that unpack to 10 GB": with_chunks(_texts(10_000)),
        "a colour profile that unpacks to 1 GB": with_chunks([(b"iCCP", b"x\0\0" + zeros(1024))]),
        "a colour profile of 12 MB": jpeg_with(_profile_pieces(200)),
        "metadata that points at itself": jpeg_with([(0xE1, endless_exif())] * 60),
        "a thousand scans": jpeg_of_scans(1000),
        "eighty scans of 12 megapixels": jpeg_of_scans(70),
        "59 megapixels of 16 bits of grey": png_of(*WIDE_PHOTO, GRAY, bits=16),
        "WEBP of 59 megapixels in 30 bytes": webp_of(*WIDE_PHOTO),
        "WEBP of 17 megapixels in 30 bytes": webp_of(*WIDE_WEBP),
        "WEBP of 17 megapixels, 5,000 frames": webp_of(*WIDE_WEBP, frames=5000),
    }


def results() -> dict[str, bytes]:
    """What a provider may answer, by name."""
    found = {
        "a column of 99,000,000 rows": png_of(1, 99_000_000),
        "PNG of 40 megapixels": png_of(*WIDE_RESULT, RGB),
        "interlaced PNG of 64 bits a pixel": png_of(*DEEP_RESULT, RGBA, bits=16, interlaced=True),
        "the same of 40 megapixels": png_of(*WIDE_RESULT, RGBA, bits=16, interlaced=True),
        "texts that unpack to 10 GB": with_chunks(_texts(10_000)),
        "a colour profile that unpacks to 1 GB": with_chunks([(b"iCCP", b"x\0\0" + zeros(1024))]),
        "a thousand scans": jpeg_of_scans(1000),
        "eighty scans of 12 megapixels": jpeg_of_scans(70),
        "WEBP of 17 megapixels in 30 bytes": webp_of(*WIDE_WEBP),
        "WEBP of 17 megapixels, 5,000 frames": webp_of(*WIDE_WEBP, frames=5000),
        "GIF of 40 megapixels, 200 frames": gif_of(*WIDE_RESULT, frames=200),
    }
    if reads_avif():
        found["AVIF of 40 megapixels"] = avif_of(*WIDE_RESULT)
    return found


def zeros(megabytes: int) -> bytes:
    """Return so many megabytes of nothing, deflated a thousand to one."""
    return _deflated(megabytes * MB)


def gzipped_zeros(megabytes: int) -> bytes:
    """The same, as HTTP carries it."""
    checksum = 0
    for _ in range(megabytes):
        checksum = zlib.crc32(_NOTHING, checksum)
    size = megabytes * MB % 2**32
    return b"\x1f\x8b\x08\0\0\0\0\0\2\xff" + _zeros(size) + struct.pack("<II", checksum, size)


def png_of(
    width: int, height: int, colour: int = GRAY, *, bits: int = 8, interlaced: bool = False
) -> bytes:
    """Return a black PNG."""
    depth = _SAMPLES[colour] * bits
    passes = (*_PASSES, _LAST_PASS) if interlaced else ((0, 0, 1, 1),)
    size_bytes = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        size_bytes += rows * (1 + -(-columns * depth // 8)) if columns > 0 else 0
    head = struct.pack(">II5B", width, height, bits, colour, 0, 0, interlaced)
    chunks = [(b"IHDR", head), (b"IDAT", _deflated(size_bytes)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def with_chunks(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a photo as a PNG that has further chunks before its pixels."""
    whole = png(noise(900, 600))
    at = whole.index(b"IDAT") - 4
    return whole[:at] + b"".join(_chunk(*chunk) for chunk in chunks) + whole[at:]


def jpeg_with(segments: Iterable[tuple[int, bytes]]) -> bytes:
    """Return a photo as a JPEG that has further segments at its beginning."""
    whole = jpeg(noise(900, 600))
    pieces = [
        bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload
        for marker, payload in segments
    ]
    return whole[:2] + b"".join(pieces) + whole[2:]


def endless_exif() -> bytes:
    """Return EXIF whose directory goes on where it begins, with a value of 4 GB."""
    entry = struct.pack("<HHII", 0x8769, 4, 0xFFFFFFFF, 8)
    directory = struct.pack("<H", 5000) + entry * 5000 + struct.pack("<I", 8)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + directory


def jpeg_of_scans(count: int) -> bytes:
    """Return a progressive JPEG of 12 megapixels whose last scan comes over and over."""
    target = BytesIO()
    Image.new("RGB", (4000, 3000)).save(target, "JPEG", progressive=True)
    whole = target.getvalue()
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * count + whole[-2:]


def webp_of(width: int, height: int, *, frames: int = 0) -> bytes:
    """Return a black lossless WEBP, whose pixels take no bit at all; with frames one that moves."""
    picture = _chunk_of_riff(b"VP8L", _vp8l(width, height))
    if not frames:
        return _chunk_of_riff(b"RIFF", b"WEBP" + picture)
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    head = _chunk_of_riff(b"VP8X", bytes((0x12, 0, 0, 0)) + size)
    frame = _chunk_of_riff(b"ANMF", bytes(6) + size + bytes(4) + picture)
    moving = b"WEBP" + head + _chunk_of_riff(b"ANIM", bytes(6)) + frame * frames
    return _chunk_of_riff(b"RIFF", moving)


def gif_of(width: int, height: int, *, frames: int) -> bytes:
    """Return a black GIF whose only frame comes over and over."""
    target = BytesIO()
    Image.new("P", (width, height)).save(target, "GIF")
    whole = target.getvalue()
    begins = whole.index(b",", 13 + 3 * 2)
    return whole[:begins] + whole[begins:-1] * frames + whole[-1:]


def avif_of(width: int, height: int) -> bytes:
    """Return a black AVIF."""
    target = BytesIO()
    Image.new("RGB", (width, height)).save(target, "AVIF", quality=10, speed=10)
    return target.getvalue()


def _texts(count: int) -> Iterator[tuple[bytes, bytes]]:
    text = _deflated(MB)
    for number in range(count):
        key = b"text %d" % number
        yield b"iTXt", key + b"\0\1\0\0\0" + text


def _profile_pieces(count: int) -> Iterator[tuple[int, bytes]]:
    for number in range(count):
        yield 0xE2, b"ICC_PROFILE\0" + bytes((number + 1, count)) + bytes(60_000)


def _deflated(size_bytes: int) -> bytes:
    # The sums of Adler-32 after so many zeros: 1 stays 1, and is added up.
    return b"\x78\xda" + _zeros(size_bytes) + struct.pack(">HH", size_bytes % 65_521, 1)


def _zeros(size_bytes: int) -> bytes:
    """Return a raw deflate stream of zeros: a megabyte is deflated once, and stands there often."""
    piece = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = piece.compress(_NOTHING) + piece.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = last.compress(bytes(size_bytes % MB)) + last.flush()
    return megabyte * (size_bytes // MB) + rest


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunk_of_riff(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _vp8l(width: int, height: int) -> bytes:
    # Sizes, no alpha, version 0; no transform, no cache, no groups; five codes of one symbol.
    bits, at = (width - 1) | (height - 1) << 14, 32 + 3
    for _ in range(5):
        bits |= 1 << at
        at += 4
    return b"\x2f" + bits.to_bytes(-(-at // 8) + 1, "little")
