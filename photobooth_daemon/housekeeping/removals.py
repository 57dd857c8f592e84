"""The record of one run of cleanup or recovery: every object in the log, every kind counted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Sequence

from photobooth_daemon.media.listing import StoredThing
from photobooth_daemon.media.store import MediaStore

log = logging.getLogger("photobooth_daemon.housekeeping.cleanup")


class Removals:
    """Counts what is removed and logs a line for each; a dry run only says what would be."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.dry_run = dry_run
        self.counts: Counter[str] = Counter()
        self.freed_bytes = 0
        self.refused = 0
        """How many objects the store would not let go."""
        self._told: OSError | None = None

    def count(self, kind: str, number: int = 1, **facts: object) -> None:
        """Count objects of a kind, and log what they are."""
        if number:
            self.counts[kind] += number
            verb = "would do" if self.dry_run else "done"
            log.info("cleanup %s: %s", verb, kind, extra={"kind": kind, "number": number, **facts})

    async def free(self, removing: Awaitable[int], **facts: object) -> bool:
        """Count the bytes of a removal; False, counted and logged, if the store refuses it."""
        try:
            self.freed_bytes += await removing
        except OSError as error:
            self.refuse(error, **facts)
            return False
        return True

    def refuse(self, error: OSError, **facts: object) -> None:
        """Count an object that is still there; an error that many have in common is logged once."""
        self.refused += 1
        if error is self._told:
            return
        self._told = error
        log.error("cleanup refused", extra={"error": error.strerror or str(error), **facts})

    async def remove(
        self, media_store: MediaStore, things: Sequence[StoredThing], kind: str
    ) -> None:
        """Remove files or directories that a listing found, and count them."""
        kept = {} if self.dry_run else await media_store.remove_things(things)
        for thing in things:
            if thing in kept:
                self.refuse(kept[thing], file=thing.name)
                continue
            self.freed_bytes += thing.size_bytes
            self.count(kind, file=thing.name, size_bytes=thing.size_bytes)
