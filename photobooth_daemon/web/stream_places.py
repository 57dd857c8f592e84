"""How many streams of one address, and of one page, a process keeps open at a time.

Streams are connections that stay. A hall full of guests, or of screens, is one address: the
cameras behind it still have to have connections, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from photobooth_daemon.errors import RateLimited

RETRY_SECONDS = 15.0


class StreamPlaces:
    """Counts the open streams of this process."""

    def __init__(self, *, most_of_page: int) -> None:
        self._most_of_page = most_of_page
        self._of_address: Counter[tuple[str, str]] = Counter()
        self._of_page: Counter[str] = Counter()

    @contextmanager
    def taken(
        self, network: str, page: str, *, most_of_address: int, kind: str = ""
    ) -> Iterator[None]:
        """Hold a place during the block; each kind of stream has places of its own.

        Raises:
            RateLimited: this address, or this page, has all that it may have.
        """
        place = (network, kind)
        full = self._of_page[page] >= self._most_of_page
        if full or self._of_address[place] >= most_of_address:
            raise RateLimited(
                "Too many follow this from here; ask for its list now and then instead.",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._of_address[place] += 1
        self._of_page[page] += 1
        try:
            yield
        finally:
            self._of_address[place] -= 1
            self._of_page[page] -= 1
            # Those that are at nought go.
            self._of_address += Counter()
            self._of_page += Counter()
