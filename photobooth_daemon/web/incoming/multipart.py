"""Reads a multipart form while it arrives (RFC 7578), tolerant of what booth software sends.

The parser is werkzeug's incremental one; nothing outside this file knows it.
The one file goes to a sink as it comes; fields are kept up to a limit, their
bytes decoded with replacement, because booth PCs send national code pages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    NeedData,
    State,
)

from photobooth_daemon.errors import InvalidRequest, PayloadTooLarge
from photobooth_daemon.model import MB

MAX_PARTS = 200
MAX_KEPT_FIELDS = 64
MAX_FIELD_BYTES = 4096
MAX_LONG_FIELD_BYTES = MB
MAX_NAME_CHARACTERS = 200
MAX_HEADS_BYTES = 16 * 1024
"""Of all parts together: they are read letter by letter."""
MAX_CONTENT_TYPE_CHARACTERS = 1024
FEED_BYTES = 64 * 1024
LEAST_PASSED_BYTES = 16 * 1024
"""Of a file, to go by the parser: crumbs would cost more as pieces of their own."""
MAX_BUFFER_BYTES = FEED_BYTES + MAX_HEADS_BYTES
"""The parser searches its whole buffer for the end of a part's head, at each piece anew."""

Piece = bytes | memoryview
Sink = Callable[[Piece], Awaitable[None]]


class _TolerantDecoder(MultipartDecoder):
    """The parser, for which a field or file name in a national code page breaks nothing.

    The number and the heads of its parts are limited.
    """

    def __init__(self, boundary: bytes) -> None:
        super().__init__(boundary, MAX_BUFFER_BYTES)
        self._parts = 0
        self._heads_bytes = 0

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        self._parts += 1
        self._heads_bytes += len(data)
        if self._parts > MAX_PARTS or self._heads_bytes > MAX_HEADS_BYTES:
            raise RequestEntityTooLarge
        return super()._parse_headers(data.decode("utf-8", "replace").encode())

    def pass_by(self, piece: bytes) -> tuple[Piece, Piece] | None:
        """Return what is data for certain where a piece in the midst of a part holds no boundary.

        The parser would copy that five times. It keeps the end of the piece, where a boundary may
        begin: of the two that are returned, the first was kept of an earlier piece. None where the
        parser has to read all of it.
        """
        mark = b"--" + self.boundary
        # A line break may stand before the mark, and the last letter of the mark is missing.
        kept_bytes = len(mark) + 1
        if self.state is not State.DATA or len(piece) < LEAST_PASSED_BYTES:
            return None
        held = bytes(self.buffer)
        if mark in piece or mark in held + piece[: len(mark)]:
            return None
        self.buffer[:] = piece[-kept_bytes:]
        return held, memoryview(piece)[:-kept_bytes]


@dataclass(slots=True)
class Form:
    """What a form held besides its file; ``secrets`` never become part of the fields."""

    fields: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FormNames:
    """The parts that mean something: the file's, secrets, and fields that may be long."""

    file: tuple[str, ...] = ("file",)
    secret: tuple[str, ...] = ()
    long: tuple[str, ...] = ()


class FormReader:
    """Feeds pieces of a body to the parser, file data to ``sink``, and keeps the fields."""

    def __init__(
        self,
        content_type: str,
        sink: Sink,
        names: FormNames,
        *,
        max_file_bytes: int,
    ) -> None:
        """Prepare for a body of this Content-Type.

        Raises:
            InvalidRequest: it is not a multipart form, or has no usable boundary.
        """
        if len(content_type) > MAX_CONTENT_TYPE_CHARACTERS:
            raise InvalidRequest("The form has no usable boundary.")
        kind, options = parse_options_header(content_type)
        boundary = options.get("boundary", "")
        if kind.lower() != "multipart/form-data":
            raise InvalidRequest("Send the photo as multipart/form-data.")
        if not 1 <= len(boundary) <= 70 or not boundary.isascii():
            raise InvalidRequest("The form has no usable boundary.")
        self.form = Form()
        self._decoder = _TolerantDecoder(boundary.encode())
        self._sink = sink
        self._names = names
        self._max_file_bytes = max_file_bytes
        self._part: _Part | None = None
        self._files = 0
        self._file_bytes = 0
        self._complete = False

    async def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            InvalidRequest: the form is broken, or has too many parts or files.
            PayloadTooLarge: the file is over its limit.
        """
        if self._part is not None and self._part.is_file:
            passed = self._decoder.pass_by(chunk)
            for data in passed or ():
                await self._add_to_file(data)
            if passed is not None:
                await asyncio.sleep(0)
                return
        for start in range(0, len(chunk), FEED_BYTES):
            self._receive(chunk[start : start + FEED_BYTES])
            await self._take_events()
            # What has arrived is read without a wait: others would have none of the loop.
            await asyncio.sleep(0)

    async def finish(self) -> Form:
        """Return the fields once the body has ended.

        Raises:
            InvalidRequest: the body is cut off, has no file, or an empty one.
        """
        self._receive(None)
        await self._take_events()
        if not self._complete:
            raise InvalidRequest("The form is cut off.")
        if self._files == 0:
            names = " or ".join(sorted(self._names.file))
            raise InvalidRequest(f"The form has no file part {names}.")
        if self._file_bytes == 0:
            raise InvalidRequest("The file is empty.")
        return self.form

    def _receive(self, piece: bytes | None) -> None:
        if piece is not None and self._complete:
            return
        try:
            self._decoder.receive_data(piece)
        except (ValueError, RequestEntityTooLarge) as error:
            raise InvalidRequest("The form is broken.") from error

    async def _take_events(self) -> None:
        while not self._complete:
            try:
                event = self._decoder.next_event()
            except RequestEntityTooLarge as error:
                raise InvalidRequest(
                    f"A form may have {MAX_PARTS} parts at most, with short heads."
                ) from error
            except (ValueError, LookupError) as error:
                raise InvalidRequest("The form is broken or cut off.") from error
            if isinstance(event, NeedData):
                return
            if isinstance(event, Epilogue):
                self._complete = True
            elif isinstance(event, Field | File):
                self._begin(event)
            elif isinstance(event, Data):
                await self._add(event)

    def _begin(self, event: Field | File) -> None:
        name = (event.name or "")[:MAX_NAME_CHARACTERS].replace("\0", "\ufffd")
        is_file = event.name in self._names.file
        self._part = _Part(name, is_file)
        if is_file:
            self._files += 1
        if self._files > 1:
            raise InvalidRequest("The form has two file parts; send one photo at a time.")

    async def _add(self, event: Data) -> None:
        part = self._part
        if part is None:
            return
        if part.is_file:
            await self._add_to_file(event.data)
            return
        most = MAX_LONG_FIELD_BYTES if part.name in self._names.long else MAX_FIELD_BYTES
        room = most - len(part.value)
        part.value += event.data[:room]
        if not event.more_data:
            self._keep(part)

    async def _add_to_file(self, data: Piece) -> None:
        self._file_bytes += len(data)
        if self._file_bytes > self._max_file_bytes:
            raise picture_too_large(self._max_file_bytes)
        if data:
            await self._sink(data)

    def _keep(self, part: _Part) -> None:
        if part.name in self._names.secret:
            self.form.secrets.setdefault(part.name, bytes(part.value))
        elif len(self.form.fields) < MAX_KEPT_FIELDS and part.name not in self.form.fields:
            text = part.value.decode("utf-8", "replace").replace("\0", "\ufffd")
            self.form.fields[part.name] = text


def picture_too_large(max_file_bytes: int) -> PayloadTooLarge:
    """Return what is told to whoever sends more."""
    return PayloadTooLarge(f"A picture may have {max_file_bytes // MB} MB at most.")


@dataclass(slots=True)
class _Part:
    name: str
    is_file: bool
    value: bytearray = field(default_factory=bytearray)
