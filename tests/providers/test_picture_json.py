"""What is cut out of a document is what a parser would have read there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from photobooth_daemon.providers.bodies import decoded
from photobooth_daemon.providers.picture_json import LONG_BYTES, read_document

LONG = "iVBO" * (LONG_BYTES // 3)


def plain(value: Any) -> Any:
    """The same document with text for what came as bytes."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "document",
    [
        {"data": LONG},
        {"a": LONG, "b": [{"data": LONG + "QUJD", "c": 1}, LONG], "d": {"e": {"data": LONG}}},
        [LONG, {"data": "short"}],
        {"said": f'it is :"{LONG}', "data": LONG},
        {"said": f"{LONG}\\", "data": f"\n{LONG}", "last": f"{LONG}é"},
        {"numbers": list(range(50_000)), "data": LONG, "words": ["a"] * 50_000},
        {LONG: "as a name", "data": ""},
        LONG,
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_it_says_what_a_parser_reads(document: Any, indent: int | None, ascii_only: bool) -> None:
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    assert plain(read_document(body)) == document


def test_a_long_field_is_not_walked_through() -> None:
    found = read_document(json.dumps({"data": LONG, "mime": "image/png"}).encode())
    assert found == {"data": LONG.encode(), "mime": "image/png"}
    assert decoded(found["data"]) == decoded(LONG)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": "' + LONG.encode(),
        b'{"data": "' + LONG.encode() + b'"',
        b'{"data": "' + LONG.encode() + b'"x"}',
        LONG.encode() + b'"',
        b'"' * 300_001,
        b"[" * 300_000 + b'":"' + LONG.encode() + b'"',
        bytes(300_000),
        b"",
    ],
)
def test_what_is_no_json_is_none(body: bytes) -> None:
    assert read_document(body) is None


@pytest.mark.parametrize("odd", ["\n", " ", "="])
def test_odd_base64_is_taken_as_from_a_short_field(odd: str) -> None:
    text = LONG[:400] + odd + LONG[400:]
    assert decoded(text.encode()) == decoded(text)
