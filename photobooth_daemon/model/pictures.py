"""Pictures on disk and in memory, and how a result is to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file on disk whose bytes have been recognised. ``path`` is absolute."""

    path: Path
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    decoded_megapixels: float
    """What preparing it takes, in megapixels of four bytes each."""


@dataclass(frozen=True, slots=True)
class PictureBytes:
    """An encoded picture held in memory: small enough to send to a provider."""

    data: bytes = field(repr=False)
    content_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Output:
    """How a slot wants its result: the finish step brings every picture to this."""

    format: str = "jpeg"
    quality: int = 90
    fit: str = "none"
    max_edge_px: int | None = None
