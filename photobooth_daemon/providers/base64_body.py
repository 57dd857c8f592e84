"""Sends pictures as base64 inside JSON piece by piece: no whole second copy is ever made."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

PIECE_BYTES = 48 * 1024
"""A multiple of three: each piece encodes without padding but the last."""


@dataclass(frozen=True, slots=True)
class AsBase64:
    """Bytes that go out as base64 text."""

    data: bytes


Part = bytes | AsBase64


def size_of(parts: Sequence[Part]) -> int:
    """Return the length of the body, for Content-Length."""
    return sum(
        len(part) if isinstance(part, bytes) else -(-len(part.data) // 3) * 4 for part in parts
    )


async def pieces_of(parts: Sequence[Part]) -> AsyncIterator[bytes]:
    """Yield the body in pieces small enough to keep the loop free."""
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        view = memoryview(part.data)
        for start in range(0, len(view), PIECE_BYTES):
            yield base64.b64encode(view[start : start + PIECE_BYTES])


def decoded(text: str) -> bytes | None:
    """Return what the base64 says, or None where it is malformed or empty.

    Both alphabets, missing padding and line breaks are taken: relays differ.
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True) or None
    except (ValueError, binascii.Error):
        pass
    plain = re.sub(r"\s+", "", text).translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True) or None
    except (ValueError, binascii.Error):
        return None
