"""The documents that a bucket answers with, lists of objects above all."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from photobooth_daemon.errors import StorageUnavailable


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects, in the order of their names, and the way to the next ones if there are any."""

    items: list[Listed]
    next_token: str | None


def read_page(text: bytes, ahead_seconds: float = 0.0) -> Page:
    """Return what a listing says, its instants by our clock: the store's is so far ahead.

    Raises:
        StorageUnavailable: it makes no sense.
    """
    root = parsed(text)
    names = namespace_of(root)
    try:
        items = [
            _listed(item, names, timedelta(seconds=ahead_seconds))
            for item in root.iter(f"{names}Contents")
        ]
    except (ValueError, OverflowError) as error:
        raise StorageUnavailable("The store's list makes no sense.") from error
    more = root.findtext(f"{names}IsTruncated") == "true"
    return Page(items, root.findtext(f"{names}NextContinuationToken") if more else None)


def parsed(text: bytes) -> ET.Element:
    """Return the root of an answer.

    Raises:
        StorageUnavailable: it is no XML, or it declares a type.
    """
    # No store declares a type; a declaration is how a short text becomes gigabytes.
    if b"<!DOCTYPE" in text:
        raise StorageUnavailable("The store's answer is not XML of S3: is it an S3 endpoint?")
    try:
        return ET.fromstring(text)  # noqa: S314 - of no declared type, and of bounded length
    except ET.ParseError as error:
        raise StorageUnavailable("The store's answer is not XML: is it an S3 endpoint?") from error


def namespace_of(root: ET.Element) -> str:
    """Return what stands before the names of its elements; stores differ in that."""
    return root.tag[: root.tag.index("}") + 1] if root.tag.startswith("{") else ""


def _listed(item: ET.Element, names: str, ahead: timedelta) -> Listed:
    modified = item.findtext(f"{names}LastModified") or ""
    return Listed(
        key=item.findtext(f"{names}Key") or "",
        size_bytes=int(item.findtext(f"{names}Size") or 0),
        modified_at=datetime.fromisoformat(modified).astimezone(UTC) - ahead,
    )
