"""What a bucket lists, by shelf and by id."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from uuid import UUID

from photobooth_daemon.media.keys import MediaKey, Shelf, id_of, type_of
from photobooth_daemon.media.listing import StoredThing
from photobooth_daemon.media.s3_client import S3Client
from photobooth_daemon.media.s3_documents import Listed

LISTED = 100
"""More than one id ever has objects."""
MOST_HELD = 1000
"""Of one name, until the next one begins: a million objects below one are told in several parts."""
LIFE_SECONDS = 300.0

Groups = list[tuple[str, list[Listed]]]


class BucketListing:
    """Lists what is below the prefix of an installation."""

    def __init__(self, client: S3Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._names: tuple[float, set[int]] | None = None

    async def things(self, shelf: Shelf) -> AsyncIterator[list[StoredThing]]:
        """Yield the objects of one id as one thing, which is as old as the youngest of them."""
        async for groups in self._groups(shelf):
            yield [
                StoredThing(
                    shelf=shelf,
                    id=id_of(name),
                    name=name,
                    size_bytes=sum(item.size_bytes for item in items),
                    modified_at=max(item.modified_at for item in items),
                    objects=tuple(item.key for item in items),
                )
                for name, items in groups
            ]

    async def pictures(self, shelf: Shelf) -> AsyncIterator[list[dict[MediaKey, int]]]:
        """Yield the pictures of one id together, with their sizes."""
        async for groups in self._groups(shelf):
            found = [
                {
                    key: item.size_bytes
                    for item in items
                    if type_of(key := _key(shelf, id_, item)) is not None
                    and item.key == f"{self._prefix}{key}"
                }
                for name, items in groups
                if (id_ := id_of(name)) is not None
            ]
            yield [pictures for pictures in found if pictures]

    async def of(self, shelf: Shelf, id_: UUID, *, most: int = LISTED) -> list[Listed]:
        """Return the objects of one id."""
        start = f"{self._prefix}{shelf}/{id_}/"
        return [item async for page in self._client.pages(start, most=most) for item in page]

    async def named(self, shelf: Shelf, name: str) -> list[Listed]:
        """Return the object of this name, or those below it; an id begins no other's name."""
        start = f"{self._prefix}{shelf}/{name}"
        return [
            item
            async for page in self._client.pages(start)
            for item in page
            if item.key == start or item.key.startswith(f"{start}/")
        ]

    async def hashes(self) -> set[int]:
        """Return the hashes of what was listed a little while ago: some bytes for each object."""
        now = time.monotonic()
        if self._names is None or now - self._names[0] > LIFE_SECONDS:
            there = {
                hash(item.key)
                for shelf in (Shelf.RESULTS, Shelf.ORIGINALS)
                async for page in self._client.pages(f"{self._prefix}{shelf}/")
                for item in page
            }
            self._names = (now, there)
        return self._names[1]

    async def _groups(self, shelf: Shelf) -> AsyncIterator[Groups]:
        """Yield what is listed of a shelf, by what comes after the shelf's name."""
        start = f"{self._prefix}{shelf}/"
        held: list[Listed] = []
        async for page in self._client.pages(start):
            groups = _grouped(start, [*held, *page])
            # The last one may go on with the next page.
            held = groups.pop()[1] if groups and len(groups[-1][1]) < MOST_HELD else []
            if groups:
                yield groups
        if held:
            yield _grouped(start, held)


def _grouped(start: str, items: Sequence[Listed]) -> Groups:
    named = groupby(items, key=lambda item: item.key.removeprefix(start).partition("/")[0])
    return [(name, list(group)) for name, group in named]


def _key(shelf: Shelf, id_: UUID, item: Listed) -> MediaKey:
    return MediaKey(shelf, id_, item.key.rpartition("/")[2])
