"""Reads JSON that carries pictures: their base64 is cut out, not walked letter by letter."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any

from photobooth_daemon.providers.http import document_of

LONG_BYTES = 64 * 1024
_QUOTE, _ESCAPE = b'"', b"\\"
_BEFORE_A_FIELD = re.compile(rb':[ \t\r\n]{0,4}"\Z')
_BEGINS_A_FIELD = re.compile(rb"[A-Za-z0-9+/_-]")
"""What stands between two texts of a document begins with none of these."""


def read_document(body: bytes) -> Any:
    """Return what a body says in JSON, or None where it is not JSON, or nested without end.

    A field's text comes as bytes if it is longer than 64 KB and has no escapes in it: to read
    a picture's base64 as text takes as long as to decode it.
    """
    cuts = list(_long_texts(body))
    if not cuts:
        return document_of(body)
    mark = secrets.token_hex(16)
    long = {f"{mark}{number}": body[start:end] for number, (start, end) in enumerate(cuts)}
    pieces, at = [], 0
    for name, (start, end) in zip(long, cuts, strict=True):
        pieces += [body[at:start], name.encode()]
        at = end

    def put_back(found: dict[str, Any]) -> dict[str, Any]:
        texts = {key: value for key, value in found.items() if isinstance(value, str)}
        return {**found, **{key: long[text] for key, text in texts.items() if text in long}}

    return document_of(b"".join([*pieces, body[at:]]), object_hook=put_back)


def _long_texts(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the long texts begin and end, from the front."""
    at = LONG_BYTES // 2
    while at < len(body):
        # One of these steps ends in each text of such a length, and none looks at it twice.
        start, end = body.rfind(_QUOTE, 0, at) + 1, body.find(_QUOTE, at)
        if end < 0:
            return
        if (
            end - start > LONG_BYTES
            and _BEFORE_A_FIELD.search(body[max(0, start - 6) : start])
            and _BEGINS_A_FIELD.match(body, start)
            and body.find(_ESCAPE, start, end) < 0
        ):
            yield start, end
        at = max(end + 1, at) + LONG_BYTES // 2
