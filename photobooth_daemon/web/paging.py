"""Lists in pages: ``limit``, an opaque ``cursor``, and filters that are checked."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from photobooth_daemon.errors import InvalidRequest
from photobooth_daemon.web.handler import Handler

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
LARGEST_NUMBER = 2**63 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)

Item = TypeVar("Item")


def query_text(handler: Handler, name: str) -> str | None:
    """Return a parameter exactly as it was sent; None without it.

    Raises:
        HTTPError: 400, it is not UTF-8.
    """
    return handler.get_query_argument(name, None, strip=False)


def read_limit(handler: Handler) -> int:
    """Return how many items the caller wants.

    Raises:
        InvalidRequest: not a whole number from 1 to 200.
    """
    text = query_text(handler, "limit")
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise InvalidRequest(f"The parameter limit is a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def read_instant(handler: Handler, name: str) -> datetime | None:
    """Return an instant of the query.

    Raises:
        InvalidRequest: not RFC 3339 with its offset.
    """
    text = query_text(handler, name)
    if text is None:
        return None
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            f"The parameter {name} is an instant such as 2026-11-22T12:00:00Z."
        ) from error


def read_choice(handler: Handler, name: str, words: Sequence[str]) -> str | None:
    """Return a word of the query.

    Raises:
        InvalidRequest: none of ``words``.
    """
    text = query_text(handler, name)
    if text is not None and text not in words:
        raise InvalidRequest(f"The parameter {name} is one of {', '.join(words)}.")
    return text


def read_flag(handler: Handler, name: str, *, default: bool = False) -> bool:
    """Return whether a parameter says yes; without it, ``default``.

    Raises:
        InvalidRequest: neither yes nor no.
    """
    text = (query_text(handler, name) or "01"[default]).lower()
    if text not in ("0", "1", "false", "true"):
        raise InvalidRequest(f"The parameter {name} is 0 or 1.")
    return text in ("1", "true")


def read_time_cursor(handler: Handler) -> tuple[datetime, UUID] | None:
    """Return the place after which a list by time and id goes on.

    Raises:
        InvalidRequest: the cursor is none that this daemon gave.
    """
    parts = _read_cursor(handler, "t", 2)
    if parts is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=_number(parts[0])), UUID(parts[1])
    except (ValueError, OverflowError) as error:
        raise _bad_cursor() from error


def time_cursor(at: datetime, item_id: UUID) -> str:
    """Return the cursor of the place behind an item."""
    return _cursor("t", str((at - _EPOCH) // timedelta(microseconds=1)), str(item_id))


def read_number_cursor(handler: Handler) -> int | None:
    """Return the number before which a list by number goes on.

    Raises:
        InvalidRequest: the cursor is none that this daemon gave.
    """
    parts = _read_cursor(handler, "n", 1)
    if parts is None:
        return None
    try:
        return _number(parts[0])
    except ValueError as error:
        raise _bad_cursor() from error


def number_cursor(number: int) -> str:
    """Return the cursor of the place behind an item."""
    return _cursor("n", str(number))


def write_page(
    handler: Handler,
    found: Sequence[Item],
    limit: int,
    view: Callable[[Item], Any],
    cursor: Callable[[Item], str],
) -> None:
    """Answer with a page; ``found`` holds one item more than ``limit`` if there is another."""
    shown = found[:limit]
    handler.write_json(
        {
            "items": [view(item) for item in shown],
            "next_cursor": cursor(shown[-1]) if len(found) > limit else None,
        }
    )


def _read_cursor(handler: Handler, kind: str, length: int) -> list[str] | None:
    text = query_text(handler, "cursor")
    if text is None:
        return None
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parts = decoded.decode("ascii").split("|")
    except (binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if len(parts) != length + 1 or parts[0] != kind:
        raise _bad_cursor()
    return parts[1:]


def _cursor(*parts: str) -> str:
    return base64.urlsafe_b64encode("|".join(parts).encode("ascii")).decode("ascii").rstrip("=")


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,19}", text) or abs(int(text)) > LARGEST_NUMBER:
        raise ValueError(text)
    return int(text)


def _bad_cursor() -> InvalidRequest:
    return InvalidRequest("The cursor is none of this list; begin without one.")
