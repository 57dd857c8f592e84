"""The record of one run of cleanup or recovery: every object in the log, every kind counted."""

from __future__ import annotations

import logging
from collections import Counter

from photobooth_daemon.media_store import MediaStore, StoredThing

log = logging.getLogger("photobooth_daemon.cleanup")


class Removals:
    """Counts what is removed and logs a line for each; a dry run only says what would be."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.dry_run = dry_run
        self.counts: Counter[str] = Counter()
        self.freed_bytes = 0

    def count(self, kind: str, number: int = 1, **facts: object) -> None:
        """Count objects of a kind, and log what they are."""
        if number:
            self.counts[kind] += number
            verb = "would do" if self.dry_run else "done"
            log.info("cleanup %s: %s", verb, kind, extra={"kind": kind, "number": number, **facts})

    def freed(self, size_bytes: int) -> None:
        """Add to the bytes that are free again."""
        self.freed_bytes += size_bytes

    async def remove(self, media_store: MediaStore, thing: StoredThing, kind: str) -> None:
        """Remove a file or directory that a listing found, and count it."""
        freed = thing.size_bytes if self.dry_run else await media_store.remove_thing(thing)
        self.freed(freed)
        self.count(kind, file=thing.path.name, size_bytes=thing.size_bytes)
