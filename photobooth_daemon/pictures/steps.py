"""What happens to a picture on its way: recognised, measured, prepared, finished.

Everything here blocks and belongs into a thread (``threads.py``). Bytes
that nobody has trusted yet fail by one of two names and no other:
``UnsupportedMediaType`` and ``InvalidImage``.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from photobooth_daemon.errors import InvalidImage, UnsupportedMediaType
from photobooth_daemon.model import MB, Output, PictureBytes
from photobooth_daemon.pictures.codec import (
    MOST_PIXELS,
    Resampling,
    dct_scale_for,
    dct_scale_landing,
    decode,
    encode,
    encode_jpeg,
    encode_png,
    encode_webp,
    fitted,
    has_transparency,
    prove_complete,
    scaled,
    with_end,
)
from photobooth_daemon.pictures.colours import describes_srgb, on_background
from photobooth_daemon.pictures.for_models import encode_for_model
from photobooth_daemon.pictures.headers import Header, megapixels_within, read_header
from photobooth_daemon.pictures.jpeg import without_metadata
from photobooth_daemon.pictures.kinds import (
    JPEG,
    MAGIC_BYTES,
    PNG,
    WEBP,
    content_type_of,
    is_photo,
    is_readable,
    why_not_a_photo,
)
from photobooth_daemon.pictures.layout import layout_for, longest_edge_px
from photobooth_daemon.pictures.stamp import StampOrder, lay_on

PREVIEW_EDGE_PX = 512
PREVIEW_QUALITY = 80
PREVIEW_LEAST_SHARE = 0.6
"""How far under 512 px the decoder's own scaling may leave a preview: 1264 px become 316."""
PRINT_QUALITY = 92
LIGHT_BYTES_PER_PIXEL = 0.2
"""About what encoding it anew would bring."""
SMALL_BYTES = MB
SMALL_EDGE_PX = 2048
"""Up to here a small JPEG is not scaled to a limit of 1536: that would cost more than all else."""
LEAST_SHARE_OF_LIMIT = 8 / 9
"""How far under the limit the decoder's own scaling may land: 24 megapixels land at 1500 of 1536,
20 at 1368. A resize of what the decoder gives a step earlier costs as much as the decoding."""

CONTENT_TYPES = {"jpeg": JPEG, "png": PNG, "webp": WEBP}
_WHITE = (255, 255, 255)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FinishedPicture:
    """A result as it is stored, its JPEG preview, and what the booth gets if that is stamped."""

    picture: PictureBytes
    preview: bytes = field(repr=False)
    sha256: str
    stamped: PictureBytes | None = None


def recognise(path: Path) -> str:
    """Return the content type that the file's own first bytes speak of.

    Raises:
        UnsupportedMediaType: not a JPEG, PNG, WEBP, or AVIF where Pillow reads it.
    """
    with path.open("rb") as file:
        content_type = _kind_of(file)
    if content_type is None or not is_photo(content_type):
        raise UnsupportedMediaType(why_not_a_photo(content_type))
    return content_type


def measure(path: Path, content_type: str, max_pixels: int) -> tuple[int, int]:
    """Return width and height as displayed, from the header alone.

    Raises:
        InvalidImage: the header is broken, or claims more than ``max_pixels``.
    """
    with path.open("rb") as file:
        return read_header(file, content_type, max_pixels=max_pixels).displayed()


def megapixels_of(file: BinaryIO, *, prepared: bool = False) -> float:
    """Return how large a picture is while it is decoded; 0.0 for what no decoder will ever see.

    With ``prepared``, while a smaller copy is made of it, as of a camera's photo.
    """
    content_type = _kind_of(file)
    if content_type is None or not is_readable(content_type):
        return 0.0
    try:
        header = read_header(file, content_type, max_pixels=MOST_PIXELS)
    except InvalidImage:
        return 0.0
    return megapixels_within(file, header, shrunk=prepared)


def prepare(
    path: Path, content_type: str, *, max_edge_px: int, for_print: bool = False
) -> PictureBytes:
    """Return the photo as a provider gets it: upright, sRGB, without metadata, not over the limit.

    With ``for_print`` what the provider makes of it is as fine as this, and no line is in between.

    What has transparency is a PNG, all else a JPEG. A light one that is upright and
    within the limit keeps its very pixels. A JPEG under 1 MB is left as large as it is
    while it is at most a third over the limit (2048 px of 1536).

    Raises:
        InvalidImage: the photo is truncated or corrupt.
    """
    with path.open("rb") as uploaded:
        header = read_header(uploaded, content_type, max_pixels=MOST_PIXELS)
        file = with_end(uploaded, header)
        size_bytes = path.stat().st_size
        if content_type == JPEG and size_bytes < SMALL_BYTES:
            longest_px = max(header.width, header.height)
            if longest_px <= min(SMALL_EDGE_PX, max_edge_px * 4 // 3):
                max_edge_px = max(max_edge_px, longest_px)
        light = size_bytes < LIGHT_BYTES_PER_PIXEL * header.width * header.height
        if light and _plain_jpeg(header, max_edge_px):
            prove_complete(file, header)
            return PictureBytes(without_metadata(_all_of(file)), JPEG, *header.displayed())
        landing = dct_scale_landing(header, max_edge_px, LEAST_SHARE_OF_LIMIT)
        scale = landing or dct_scale_for(header, max_edge_px)
        image = decode(file, header, dct_scale=scale, edge_px=max_edge_px)
    image = scaled(image, fitted(image.size, max_edge_px), Resampling.HAMMING)
    if has_transparency(image):
        return PictureBytes(encode_png(image), PNG, *image.size)
    # Pillow would copy a picture that is RGB already.
    opaque = image if image.mode == "RGB" else image.convert("RGB")
    encoded = encode_jpeg(opaque, PRINT_QUALITY) if for_print else encode_for_model(opaque)
    return PictureBytes(encoded, JPEG, *image.size)


def finish(
    data: bytes,
    output: Output,
    photo_width: int,
    photo_height: int,
    *,
    max_pixels: int,
    stamp: StampOrder | None = None,
) -> FinishedPicture:
    """Return a provider's picture in the slot's format and proportions, and its preview.

    A JPEG that already is what the slot wants keeps its very pixels; of a moving
    picture the first frame is taken. What is to be stamped is stamped while it is decoded.

    Raises:
        InvalidImage: the bytes are no whole picture, or one of more than ``max_pixels``.
    """
    file: BinaryIO = BytesIO(data)
    content_type = _kind_of(file)
    if content_type is None or not is_readable(content_type):
        raise InvalidImage("The provider's answer is not a JPEG, PNG, WEBP or GIF.")
    header = read_header(file, content_type, max_pixels=max_pixels)
    layout = layout_for(header.displayed(), output, (photo_width, photo_height))
    if layout.canvas[0] * layout.canvas[1] > max_pixels:
        raise InvalidImage(
            "The provider's picture is too long to bring to the photo's proportions."
        )
    file = with_end(file, header)
    if output.format == "jpeg" and layout.changes_nothing and _plain_jpeg(header):
        landing = dct_scale_landing(header, PREVIEW_EDGE_PX, PREVIEW_LEAST_SHARE)
        scale = landing or dct_scale_for(header, PREVIEW_EDGE_PX)
        image = decode(file, header, dct_scale=1 if stamp else scale)
        kept = PictureBytes(without_metadata(_all_of(file)), JPEG, *header.displayed())
        finished = _finished(kept, image.reduce(scale) if stamp else image)
    else:
        edge_px = layout.decoded_edge_px
        image = decode(file, header, dct_scale=dct_scale_for(header, edge_px), edge_px=edge_px)
        image = layout.applied_to(image)
        finished = _finished(_encoded(image, output), image)
    return finished if stamp is None else _stamped(finished, image, output, stamp)


def original(path: Path, content_type: str, output: Output) -> PictureBytes:
    """Return the photo itself, upright, in the slot's format and within its longest edge.

    Raises:
        InvalidImage: the photo is truncated or corrupt.
    """
    with path.open("rb") as uploaded:
        header = read_header(uploaded, content_type, max_pixels=MOST_PIXELS)
        file = with_end(uploaded, header)
        edge_px = min(longest_edge_px(output), max(header.width, header.height))
        if output.format == "jpeg" and _plain_jpeg(header, edge_px):
            return PictureBytes(without_metadata(_all_of(file)), JPEG, *header.displayed())
        image = decode(file, header, dct_scale=dct_scale_for(header, edge_px), edge_px=edge_px)
    return _encoded(scaled(image, fitted(image.size, edge_px), Resampling.BICUBIC), output)


def template_preview(path: Path, content_type: str) -> bytes:
    """Return a WEBP preview of a whole template picture; transparency is kept.

    Raises:
        InvalidImage: the picture is truncated or corrupt.
    """
    with path.open("rb") as file:
        header = read_header(file, content_type, max_pixels=MOST_PIXELS)
        scale = dct_scale_for(header, PREVIEW_EDGE_PX)
        image = decode(file, header, dct_scale=scale, edge_px=PREVIEW_EDGE_PX)
    return encode_webp(_small(image), PREVIEW_QUALITY, method=0)


def preview(data: bytes) -> PictureBytes:
    """Return a JPEG of at most 512 px of a whole picture, upright, on white.

    Raises:
        InvalidImage: the bytes are no whole picture.
    """
    file: BinaryIO = BytesIO(data)
    content_type = _kind_of(file)
    if content_type is None or not is_readable(content_type):
        raise InvalidImage("There is no picture in these bytes.")
    header = read_header(file, content_type, max_pixels=MOST_PIXELS)
    file = with_end(file, header)
    scale = dct_scale_for(header, PREVIEW_EDGE_PX)
    image = decode(file, header, dct_scale=scale, edge_px=PREVIEW_EDGE_PX)
    small = on_background(_small(image), _WHITE)
    return PictureBytes(encode_jpeg(small, PREVIEW_QUALITY), JPEG, *small.size)


def _kind_of(file: BinaryIO) -> str | None:
    return content_type_of(file.read(MAGIC_BYTES))


def _finished(picture: PictureBytes, image: Image.Image) -> FinishedPicture:
    preview = encode_jpeg(on_background(_small(image), _WHITE), PREVIEW_QUALITY)
    return FinishedPicture(picture, preview, hashlib.sha256(picture.data).hexdigest())


def _stamped(
    finished: FinishedPicture, image: Image.Image, output: Output, order: StampOrder
) -> FinishedPicture:
    """Return the same with the stamped picture, too: without it where that goes wrong."""
    if order.until.passed():
        return finished
    try:
        lay_on(image, order.stamp, order.link)
        return replace(finished, stamped=_encoded(image, output))
    except (OSError, MemoryError, ValueError):
        log.exception("the picture cannot be stamped")
        return finished


def _plain_jpeg(header: Header, edge_px: int | None = None) -> bool:
    """Return whether cutting segments is all that this picture needs."""
    jpeg = header.jpeg
    return (
        jpeg is not None
        and jpeg.common
        and jpeg.orientation == 1
        and (edge_px is None or max(jpeg.width, jpeg.height) <= edge_px)
        and (jpeg.icc_profile is None or describes_srgb(jpeg.icc_profile))
    )


def _encoded(image: Image.Image, output: Output) -> PictureBytes:
    content_type = CONTENT_TYPES[output.format]
    return PictureBytes(encode(image, content_type, output.quality), content_type, *image.size)


def _small(image: Image.Image) -> Image.Image:
    return scaled(image, fitted(image.size, PREVIEW_EDGE_PX), Resampling.HAMMING)


def _all_of(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
