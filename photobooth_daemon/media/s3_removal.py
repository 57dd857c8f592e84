"""Removes objects from a bucket: a thousand by one request, or one by one if need be."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from http import HTTPStatus
from xml.sax.saxutils import escape

from photobooth_daemon.errors import StorageUnavailable
from photobooth_daemon.media.s3_body import Body
from photobooth_daemon.media.s3_client import Request, S3Client, document_of
from photobooth_daemon.media.s3_documents import namespace_of, parsed
from photobooth_daemon.media.s3_faults import S3Refusal

REMOVED_AT_ONCE = 1000
"""What S3 takes in one request."""
ONE_BY_ONE_AT_ONCE = 16
SECONDS_EACH = 0.2
"""What a store may need for each of many, on top of what any answer may take: Swift on a machine
with a load of 30 needed half of it.
"""
GONE = "NoSuchKey"
_UNKNOWN_STATUS = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
_UNKNOWN_CODES = frozenset({"MethodNotAllowed", "NotImplemented"})
_XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"

log = logging.getLogger(__name__)


class BucketRemoval:
    """Removes objects of one bucket; what is not there is no fault."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._takes_many = True

    async def remove(self, keys: Sequence[str]) -> None:
        """Remove objects.

        Raises:
            StorageUnavailable: some of them are still there, and why.
        """
        for error in (await self.try_to_remove(keys)).values():
            raise error

    async def try_to_remove(self, keys: Sequence[str]) -> dict[str, StorageUnavailable]:
        """Remove objects, and return those that are still there, each with the reason.

        A store that does not answer is asked once: the rest stays for that same reason.
        """
        kept: dict[str, StorageUnavailable] = {}
        for start in range(0, len(keys), REMOVED_AT_ONCE):
            some = keys[start : start + REMOVED_AT_ONCE]
            try:
                kept |= await self._many(some) if self._takes_many else await self._singly(some)
            except StorageUnavailable as error:
                return kept | dict.fromkeys(keys[start:], error)
        return kept

    async def _many(self, keys: Sequence[str]) -> dict[str, StorageUnavailable]:
        objects = "".join(f"<Object><Key>{escape(key)}</Key></Object>" for key in keys)
        text = f'<Delete xmlns="{_XMLNS}"><Quiet>true</Quiet>{objects}</Delete>'.encode()
        digest = hashlib.md5(text, usedforsecurity=False).digest()
        request = Request(
            "POST",
            "",
            query={"delete": ""},
            headers={
                "Content-Type": "application/xml",
                # Older stores ask for it, and the newer checksums they do not know.
                "Content-MD5": base64.b64encode(digest).decode(),
            },
            body=Body(text, len(text), hashlib.sha256(text).hexdigest()),
            more_seconds=SECONDS_EACH * len(keys),
        )
        try:
            async with self._client.call(request) as answer:
                return _kept(parsed(await document_of(answer)))
        except StorageUnavailable as error:
            if not _is_unknown(error.__cause__):
                raise
        log.info("the store removes no objects together: they are removed one by one")
        self._takes_many = False
        return await self._singly(keys)

    async def _singly(self, keys: Sequence[str]) -> dict[str, StorageUnavailable]:
        kept: dict[str, StorageUnavailable] = {}
        places = asyncio.Semaphore(ONE_BY_ONE_AT_ONCE)

        async def one(key: str) -> None:
            async with places:
                try:
                    async with self._client.call(Request("DELETE", key)):
                        pass
                except FileNotFoundError:
                    pass
                except StorageUnavailable as error:
                    kept[key] = error

        await asyncio.gather(*(one(key) for key in keys))
        return kept


def _kept(root: ET.Element) -> dict[str, StorageUnavailable]:
    """Return what an answer says was not removed."""
    names = namespace_of(root)
    refused = {
        item.findtext(f"{names}Key") or "": item.findtext(f"{names}Code") or ""
        for item in root.iter(f"{names}Error")
        if item.findtext(f"{names}Code") != GONE
    }
    if not refused:
        return {}
    code = next(iter(refused.values()))
    error = StorageUnavailable(f"The store does not remove {len(refused)} objects: {code}.")
    return dict.fromkeys(refused, error)


def _is_unknown(cause: BaseException | None) -> bool:
    return isinstance(cause, S3Refusal) and (
        cause.status in _UNKNOWN_STATUS or cause.code in _UNKNOWN_CODES
    )
