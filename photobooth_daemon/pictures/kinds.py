"""The kinds of picture files, told by their first bytes and never by their names."""

from __future__ import annotations

from importlib.util import find_spec

JPEG = "image/jpeg"
PNG = "image/png"
WEBP = "image/webp"
AVIF = "image/avif"
GIF = "image/gif"
HEIC = "image/heic"

MAGIC_BYTES = 64
"""How many of a file's first bytes tell its kind."""

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)


def content_type_of(head: bytes) -> str | None:
    """Return the kind of picture that starts with these bytes, or None; not all kinds are taken."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[4:8] == b"ftyp":
        return _kind_by_brand(head)
    return None


def reads_avif() -> bool:
    """Return whether the installed Pillow can read AVIF; Debian 12's cannot."""
    return find_spec("PIL._avif") is not None


def is_photo(content_type: str | None) -> bool:
    """Return whether a camera may send this kind, and a template may be of it."""
    return content_type in (JPEG, PNG, WEBP) or (content_type == AVIF and reads_avif())


def is_readable(content_type: str | None) -> bool:
    """Return whether pictures of this kind can be decoded here, such as a provider's answer."""
    return content_type == GIF or is_photo(content_type)


def why_not_a_photo(content_type: str | None) -> str:
    """Return what to tell whoever sent a file that is no photo."""
    if content_type in (AVIF, HEIC):
        name = content_type.removeprefix("image/").upper()
        return f"{name} pictures cannot be read here: set the camera to JPEG."
    kinds = "JPEG, PNG, WEBP and AVIF" if reads_avif() else "JPEG, PNG and WEBP"
    return f"Only {kinds} pictures are taken."


def _kind_by_brand(head: bytes) -> str | None:
    """Return the kind of an ISO media file by its brands: the major one, then the compatible."""
    box = head[8 : min(len(head), max(16, int.from_bytes(head[:4], "big")))]
    # Behind the major brand stands its version, which is no brand.
    brands = {box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))}
    if brands & _AVIF_BRANDS:
        return AVIF
    return HEIC if brands & _HEIF_BRANDS else None
