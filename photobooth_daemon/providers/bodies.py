"""Request bodies that carry pictures, sent piece by piece: no whole second copy is ever made."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
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
        plain = isinstance(part, bytes)
        view = memoryview(part if isinstance(part, bytes) else part.data)
        for start in range(0, len(view), PIECE_BYTES):
            piece = view[start : start + PIECE_BYTES]
            yield bytes(piece) if plain else base64.b64encode(piece)


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file part of a form; every one says its own type, which providers insist on."""

    field: str
    filename: str
    content_type: str
    data: bytes


def form(fields: Mapping[str, str], files: Iterable[FormFile]) -> tuple[str, list[Part]]:
    """Return the Content-Type and the parts of a ``multipart/form-data`` body."""
    boundary = secrets.token_hex(16)
    parts: list[Part] = []
    for name, value in fields.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        parts.append(f"{head}{value}\r\n".encode())
    for file in files:
        head = (
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="{file.field}"; filename="{file.filename}"\r\n'
            f"Content-Type: {file.content_type}\r\n\r\n"
        )
        parts += [head.encode(), file.data, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", parts


def decoded(text: str | bytes) -> bytes | None:
    """Return what the base64 says, or None where it is malformed or empty.

    Both alphabets, missing padding and line breaks are taken: relays differ.
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True) or None
    except (ValueError, binascii.Error):
        pass
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    plain = re.sub(r"\s+", "", text).translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True) or None
    except (ValueError, binascii.Error):
        return None
