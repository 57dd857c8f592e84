"""An object of a bucket while it is read: streamed, and taken up again where the line breaks."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from http import HTTPStatus

import aiohttp

from photobooth_daemon.errors import StorageUnavailable
from photobooth_daemon.media.s3_client import S3Client
from photobooth_daemon.media.s3_faults import no_answer
from photobooth_daemon.model import MB

MOST_BREAKS = 3
SKIPPED_AT_ONCE_BYTES = 256 * 1024
MOST_BYTES = 512 * MB
"""Larger than any picture that is kept: who says more does not fill this host's disk."""

log = logging.getLogger(__name__)


class OpenedObject:
    """Holds what the line has brought, and no more: the store waits for a slow reader."""

    def __init__(
        self,
        client: S3Client,
        key: str,
        size_bytes: int,
        answer: aiohttp.ClientResponse | None = None,
    ) -> None:
        """Take an answer that begins at the first byte, if there is one already.

        Raises:
            StorageUnavailable: the object is larger than any that is kept.
        """
        if size_bytes > MOST_BYTES:
            if answer is not None:
                answer.close()
            raise StorageUnavailable("The store says that an object is larger than any picture.")
        self.size_bytes = size_bytes
        self._client = client
        self._key = key
        self._answer = answer

    @classmethod
    async def open(cls, client: S3Client, key: str, *, whole: bool) -> OpenedObject:
        """Ask for the object itself, or for its size only.

        Raises:
            FileNotFoundError: there is none.
            StorageUnavailable: why it cannot be had.
        """
        if not whole:
            size_bytes = await client.find_size(key)
            if size_bytes is None:
                raise FileNotFoundError(2, "No such object", key)
            return cls(client, key, size_bytes)
        answer = await client.get(key)
        if answer.content_length is None:
            answer.close()
            raise StorageUnavailable("The store does not say how large an object is.")
        return cls(client, key, answer.content_length, answer)

    async def blocks(self, first: int, length: int) -> AsyncGenerator[bytes, None]:
        """Yield a span of the object as it comes.

        Raises:
            StorageUnavailable: the line broke too often.
            FileNotFoundError: it has been removed since.
        """
        position, end = first, first + length
        breaks = 0
        if first:
            self.close()
        while position < end:
            try:
                if self._answer is None:
                    self._answer = await self._from(position, end)
                block = await self._answer.content.readany()
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                fault: StorageUnavailable | None = no_answer(error)
            else:
                fault = None if block else StorageUnavailable("The store sends less than it says.")
            if fault is None:
                taken = block[: end - position]
                position += len(taken)
                yield taken
                continue
            self.close()
            breaks += 1
            if breaks > MOST_BREAKS:
                raise fault
            log.info("an object is taken up again", extra={"error": str(fault)})
        if self._answer is not None and position == self.size_bytes:
            # Read to its end, the connection serves the next.
            self._answer.release()
            self._answer = None

    def close(self) -> None:
        """Break off what has not been read."""
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    async def _from(self, position: int, end: int) -> aiohttp.ClientResponse:
        answer = await self._client.get(self._key, (position, end - 1))
        if answer.status == HTTPStatus.OK and "Content-Range" not in answer.headers:
            # A store that knows no ranges sends all of it.
            await _skip(answer, position)
        return answer


async def _skip(answer: aiohttp.ClientResponse, count: int) -> None:
    while count > 0:
        block = await answer.content.read(min(count, SKIPPED_AT_ONCE_BYTES))
        if not block:
            answer.close()
            raise StorageUnavailable("The store sends less than it says.")
        count -= len(block)
