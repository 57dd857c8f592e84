"""A bucket over aiohttp: no threads, nothing whole in memory, every call tried again that may be.

Keys are unique and objects never change, so that each of these calls does the same when it is
made twice. Nothing here relies on conditional writes, which S3-compatible stores do not agree on.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count

import aiohttp
import yarl

from photobooth_daemon.config.media import S3Config
from photobooth_daemon.errors import StorageUnavailable
from photobooth_daemon.media.s3_body import NOTHING, Body
from photobooth_daemon.media.s3_documents import Listed, Page, read_page
from photobooth_daemon.media.s3_faults import S3Refusal, no_answer, refusal, seconds_ahead
from photobooth_daemon.media.s3_signing import Signer
from photobooth_daemon.media.s3_trust import ShownCertificate, trusted
from photobooth_daemon.model import MB

TRIES = 3
PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
CONNECT_SECONDS = 3.0
SLOWEST_BYTES_PER_SECOND = 500_000
"""An upload may take longer than other calls by what it needs at this rate."""
CONNECTIONS = 64
EMPTY = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
"""What a store answers who asks for the first byte of an object that has none."""
BUFFER_BYTES = 256 * 1024
LISTED_AT_ONCE = 1000
MOST_DOCUMENT_BYTES = 8 * MB
"""A thousand names of a thousand bytes each, and what is said of them, have a quarter of that."""
MOST_EMPTY_PAGES = 100
MOST_DIGITS = 18
_ERROR_BYTES = 64 * 1024
_LINE_FAULTS = (aiohttp.ClientError, TimeoutError, ConnectionError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the bucket; the answer of one that ``streams`` has no end in time.

    The ``patient`` try again for as long as their time allows, not just a few times. An answer
    that takes the store much work may come ``more_seconds`` later than others.
    """

    method: str
    key: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = NOTHING
    streams: bool = False
    patient: bool = False
    more_seconds: float = 0.0


class S3Client:
    """Calls one bucket; connections are opened when they are needed, and kept."""

    def __init__(self, config: S3Config) -> None:
        """Open nothing yet.

        Raises:
            ConfigError: botocore is not installed, or the file of authorities is none.
        """
        self._signer = Signer(config)
        self._timeout_seconds = config.timeout_seconds
        # Not True, which would be no check at all before aiohttp 3.9.
        self._tls = trusted(config.ca_file)
        self._shown = ShownCertificate(self._tls)
        self._opened: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    def certificate_ends(self) -> int | None:
        """Return when the certificate ends that was shown last, in seconds since 1970."""
        return self._shown.ends

    async def put(self, key: str, body: Body, content_type: str, *, patient: bool = True) -> None:
        """Store an object; it is there, and synced, when this returns.

        With patience, for what is stored has been paid for.
        """
        headers = {"Content-Type": content_type}
        request = Request("PUT", key, headers=headers, body=body, patient=patient)
        async with self.call(request):
            pass

    async def get(self, key: str, span: tuple[int, int] | None = None) -> aiohttp.ClientResponse:
        """Return an answer whose body is still to be read, and which is to be closed.

        ``span`` is the first and the last byte that are wanted.

        Raises:
            FileNotFoundError: there is no such object.
        """
        headers = {} if span is None else {"Range": f"bytes={span[0]}-{span[1]}"}
        return await self._answer(Request("GET", key, headers=headers, streams=True))

    async def find_size(self, key: str) -> int | None:
        """Return an object's size, or None if there is none."""
        # Not by HEAD: it is refused without a word, and some stores send one all the same.
        try:
            request = Request("GET", key, headers={"Range": "bytes=0-0"})
            async with self.call(request) as answer:
                return _size_told(answer.headers)
        except FileNotFoundError:
            return None
        except StorageUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, S3Refusal) and cause.status == EMPTY:
                return 0
            raise

    async def pages(self, prefix: str, *, most: int | None = None) -> AsyncIterator[list[Listed]]:
        """Yield what is below a prefix, in the order of its names, a page at a time."""
        size = min(most or LISTED_AT_ONCE, LISTED_AT_ONCE)
        query = {"list-type": "2", "prefix": prefix, "max-keys": str(size)}
        last, empty = "", 0
        while True:
            page = await self._page(query)
            yield page.items
            if most is not None or not page.next_token:
                return
            empty = 0 if page.items else empty + 1
            before, last = last, page.items[-1].key if page.items else last
            # A store that says the same over and over would be listed for ever.
            if empty > MOST_EMPTY_PAGES or (page.items and last <= before):
                raise StorageUnavailable("The store's list does not go on.")
            query["continuation-token"] = page.next_token

    async def _page(self, query: Mapping[str, str]) -> Page:
        async with self.call(Request("GET", "", query=query)) as answer:
            # Cleanup goes by how old an object is, and the store's clock may be anybody's.
            ahead_seconds = seconds_ahead(answer.headers) or 0.0
            return read_page(await document_of(answer), ahead_seconds)

    @asynccontextmanager
    async def call(self, request: Request) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give a good answer, whose body is let go of with the block.

        Raises:
            FileNotFoundError: there is no such object.
            StorageUnavailable: why not.
        """
        answer = await self._answer(request)
        try:
            yield answer
        except _LINE_FAULTS as error:
            raise no_answer(error) from error
        finally:
            answer.release()

    async def _answer(self, request: Request) -> aiohttp.ClientResponse:
        """Return a good answer, after as many tries as it takes, within reason.

        Raises:
            FileNotFoundError: there is no such object.
            StorageUnavailable: why not.
        """
        begun = time.monotonic()
        cause: Exception
        for number in count(1):
            try:
                return await self._try(request)
            except _LINE_FAULTS as error:
                fault, cause, may_pass = no_answer(error), error, True
            except S3Refusal as error:
                fault, cause, may_pass = StorageUnavailable(error.reason), error, error.may_pass
            late = time.monotonic() - begun > self._timeout_seconds
            if late or not may_pass or (number >= TRIES and not request.patient):
                raise fault from cause
            log.info(
                "the store is asked again", extra={"method": request.method, "error": str(fault)}
            )
            pause_seconds = min(PAUSE_SECONDS * 4 ** (number - 1), LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause_seconds * random.uniform(0.8, 1.2))  # noqa: S311
        raise AssertionError("the last try returns or raises")

    async def _try(self, request: Request) -> aiohttp.ClientResponse:
        method, body = request.method, request.body
        url, signed = self._signer.sign(
            method, request.key, request.query, request.headers, body.sha256
        )
        if body.size_bytes or method in ("PUT", "POST"):
            signed["Content-Length"] = str(body.size_bytes)
        seconds = self._timeout_seconds + request.more_seconds
        total = seconds + body.size_bytes / SLOWEST_BYTES_PER_SECOND
        answer = await self._session().request(
            method,
            yarl.URL(url, encoded=True),
            headers=signed,
            data=body.blocks() if body.size_bytes else None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=None if request.streams else total,
                sock_connect=CONNECT_SECONDS,
                sock_read=seconds,
            ),
        )
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        try:
            text = await answer.content.read(_ERROR_BYTES)
        finally:
            answer.close()
        found = refusal(answer.status, answer.headers, text)
        if answer.status == HTTPStatus.NOT_FOUND and found.code == "NoSuchKey":
            raise FileNotFoundError(2, "No such object", request.key)
        raise found

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                read_bufsize=BUFFER_BYTES,
                skip_auto_headers=("User-Agent", "Accept-Encoding"),
            )
        return self._opened


async def document_of(answer: aiohttp.ClientResponse) -> bytes:
    """Return what an answer holds.

    Raises:
        StorageUnavailable: it is longer than anything that was asked for.
    """
    text = bytearray()
    async for block in answer.content.iter_any():
        text += block
        if len(text) > MOST_DOCUMENT_BYTES:
            answer.close()
            raise StorageUnavailable("The store's answer is too long: is it an S3 endpoint?")
    return bytes(text)


def _size_told(headers: Mapping[str, str]) -> int:
    """Return how large an object is whose first byte was asked for.

    Raises:
        StorageUnavailable: the store does not say.
    """
    total = headers.get("Content-Range", "").rpartition("/")[2]
    told = total or headers.get("Content-Length", "")
    if not told.isdecimal() or len(told) > MOST_DIGITS:
        raise StorageUnavailable("The store does not say how large an object is.")
    return int(told)
