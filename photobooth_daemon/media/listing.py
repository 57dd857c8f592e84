"""What lies in a directory of the tree, entry by entry."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from photobooth_daemon.media.files import size_of
from photobooth_daemon.media.keys import Shelf, id_of

BATCH_SIZE = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredThing:
    """One entry of a shelf, as a listing found it. ``id`` is None for a name of nobody's.

    ``objects`` are the names of what it consists of, where that is in a bucket.
    """

    shelf: Shelf
    id: UUID | None
    name: str
    size_bytes: int
    modified_at: datetime
    objects: tuple[str, ...] = ()


def look_at(directory: Path, shelf: Shelf, names: Sequence[str]) -> list[StoredThing]:
    """Return these entries of a shelf's directory, without those that have gone; blocks."""
    things = []
    for name in names:
        path = directory / name
        try:
            modified = path.lstat().st_mtime
        except FileNotFoundError:
            continue
        except OSError:
            log.exception("an entry cannot be looked at", extra={"file": name})
            continue
        things.append(
            StoredThing(
                shelf=shelf,
                id=id_of(name),
                name=name,
                size_bytes=size_of(path),
                modified_at=datetime.fromtimestamp(modified, UTC),
            )
        )
    return things
