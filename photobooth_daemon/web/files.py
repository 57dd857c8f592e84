"""Sends a stored file as HTTP wants it: validators, ranges, HEAD, in pieces, off the loop.

The store reads one block at a time, in threads or from its own line, so a slow guest costs
neither the loop nor memory.
"""

from __future__ import annotations

import email.utils
import logging
import re
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from tornado.iostream import StreamClosedError

from photobooth_daemon.errors import NotFound, PreconditionFailed, RangeNotSatisfiable
from photobooth_daemon.media.ahead import Ahead
from photobooth_daemon.media.keys import MediaKey
from photobooth_daemon.media.store import MediaStore, OpenedMedia
from photobooth_daemon.web.handler import Handler

_RANGE = re.compile(r"bytes=(\d{0,30})-(\d{0,30})")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A picture of the store that never changes while it exists.

    ``etag`` is a strong validator without quotes.

    ``modified_at`` is None where nobody knows it: then there is no ``Last-Modified``. With no
    ``max_age_seconds`` a client asks each time whether the file is still there.
    """

    key: MediaKey
    content_type: str
    etag: str
    modified_at: datetime | None
    max_age_seconds: int

    def modified_seconds(self) -> int | None:
        """Return ``modified_at`` as HTTP counts, in whole seconds since 1970."""
        return None if self.modified_at is None else int(self.modified_at.timestamp())


class FileHandler(Handler):
    """The base of handlers that answer with a file."""

    async def send_file(
        self,
        media_store: MediaStore,
        file: StoredFile,
        missing: type[Exception] = NotFound,
        *,
        ahead: Ahead | None = None,
    ) -> None:
        """Answer with the file, the part of it that was asked for, or 304 (RFC 9110, 13 and 14).

        It is taken from ``ahead`` if it has been asked for already.

        Raises:
            the exception ``missing``: the file has been removed meanwhile.
            OSError: the store does not give it.
            PreconditionFailed: another file was expected.
            RangeNotSatisfiable: the part lies outside of the file.
        """
        accel_path = None
        if media_store.sends_files:
            accel_path = self.site.accel_path(self.request, file.key)
        if accel_path is not None and await media_store.find_size(file.key) is not None:
            # nginx sends it, with a validator of its own, whole or the part that was asked for.
            self.set_header("X-Accel-Redirect", accel_path)
            self.set_header("Content-Type", file.content_type)
            self._set_life(file)
            return
        try:
            opened = await (ahead or media_store).open(file.key, whole=self._wants_whole(file))
            try:
                await self._send(file, opened)
            finally:
                opened.close()
        except FileNotFoundError as error:
            raise missing from error

    def asks_for_all(self) -> bool:
        """Return whether the answer can be nothing but the whole file, if there is one."""
        conditions = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
        return self.request.method == "GET" and not any(
            name in self.request.headers for name in ("Range", *conditions)
        )

    def _wants_whole(self, file: StoredFile) -> bool:
        """Return whether the answer is going to be the whole file, as far as the headers tell."""
        return (
            self.request.method == "GET"
            and "Range" not in self.request.headers
            and self._is_expected(file)
            and not self._not_modified(file)
        )

    async def _send(self, file: StoredFile, opened: OpenedMedia) -> None:
        if not self._is_expected(file):
            raise PreconditionFailed
        self.set_header("ETag", f'"{file.etag}"')
        if file.modified_at is not None:
            self.set_header("Last-Modified", file.modified_at)
        self._set_life(file)
        self.set_header("Accept-Ranges", "bytes")
        if self._not_modified(file):
            self.set_status(HTTPStatus.NOT_MODIFIED)
            return
        self.set_header("Content-Type", file.content_type)
        first, length = self._wanted_span(file, opened.size_bytes)
        if self.get_status() == HTTPStatus.PARTIAL_CONTENT:
            last = first + length - 1
            self.set_header("Content-Range", f"bytes {first}-{last}/{opened.size_bytes}")
        self.set_header("Content-Length", str(length))
        if self.request.method == "HEAD":
            return
        await self._send_pieces(opened, first, length)

    def _set_life(self, file: StoredFile) -> None:
        self.set_header("Cache-Control", life_header(file.max_age_seconds))

    async def _send_pieces(self, opened: OpenedMedia, first: int, length: int) -> None:
        left = length
        try:
            async with aclosing(opened.blocks(first, length)) as blocks:
                async for block in blocks:
                    left -= len(block)
                    self.write(block)
                    if left > 0:
                        await self.flush()
        except StreamClosedError:
            log.debug("the client left before the end of a file")
            return
        except OSError as error:
            if left == length:
                raise
            log.warning("a file breaks off while it is sent", extra={"error": str(error)})
        if left > 0:
            # Cut short under our hands: the length is promised, so break off visibly.
            raise StreamClosedError

    def _is_expected(self, file: StoredFile) -> bool:
        tags = self.request.headers.get("If-Match")
        if tags is not None:
            given = {tag.strip() for tag in tags.split(",")}
            return "*" in given or f'"{file.etag}"' in given
        until = _http_date(self.request.headers.get("If-Unmodified-Since"))
        modified = file.modified_seconds()
        return until is None or modified is None or modified <= until

    def _not_modified(self, file: StoredFile) -> bool:
        tags = self.request.headers.get("If-None-Match")
        if tags is not None:
            given = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return "*" in given or f'"{file.etag}"' in given
        since = _http_date(self.request.headers.get("If-Modified-Since"))
        modified = file.modified_seconds()
        return since is not None and modified is not None and modified <= since

    def _wanted_span(self, file: StoredFile, size_bytes: int) -> tuple[int, int]:
        """Return first byte and length; ranges are defined for GET alone (RFC 9110, 14.2).

        Raises:
            RangeNotSatisfiable: the range lies outside of the file.
        """
        asked = self.request.headers.get("Range", "") if self.request.method == "GET" else ""
        match = _RANGE.fullmatch(asked.strip())
        if match is None or match.group() == "bytes=-" or not self._range_holds(file):
            return 0, size_bytes
        first_text, last_text = match.groups()
        if not first_text:
            length = min(int(last_text), size_bytes)
            first = size_bytes - length
        else:
            first = int(first_text)
            last = min(int(last_text), size_bytes - 1) if last_text else size_bytes - 1
            if last_text and int(last_text) < first:
                return 0, size_bytes
            length = last - first + 1
        if length <= 0 or first >= size_bytes:
            raise RangeNotSatisfiable(size_bytes)
        self.set_status(HTTPStatus.PARTIAL_CONTENT)
        return first, length

    def _range_holds(self, file: StoredFile) -> bool:
        condition = self.request.headers.get("If-Range")
        if condition is None or condition == f'"{file.etag}"':
            return True
        modified = file.modified_seconds()
        return modified is not None and _http_date(condition) == modified


def life_header(max_age_seconds: int) -> str:
    """Return what a client is told about keeping an answer."""
    return f"private, max-age={max_age_seconds}" if max_age_seconds > 0 else "private, no-cache"


def _http_date(text: str | None) -> int | None:
    """Return seconds since 1970, or None for what is no date: such a condition is ignored."""
    try:
        parsed = email.utils.parsedate_tz(text or "")
        return None if parsed is None else int(email.utils.mktime_tz(parsed))
    except (ValueError, OverflowError):
        return None
