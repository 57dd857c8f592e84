"""A body that is the picture itself, as the simplest clients send it, the password in a header."""

from __future__ import annotations

from photobooth_daemon.errors import InvalidRequest
from photobooth_daemon.web.incoming.multipart import Form, Sink, picture_too_large


class PictureReader:
    """Takes the pieces of such a body as :class:`FormReader` takes those of a form."""

    def __init__(self, sink: Sink, *, max_file_bytes: int) -> None:
        self._sink = sink
        self._max_file_bytes = max_file_bytes
        self._bytes = 0

    async def feed(self, chunk: bytes) -> None:
        """Take the next piece.

        Raises:
            PayloadTooLarge: the picture is over its limit.
        """
        self._bytes += len(chunk)
        if self._bytes > self._max_file_bytes:
            raise picture_too_large(self._max_file_bytes)
        await self._sink(chunk)

    async def finish(self) -> Form:
        """Return no fields, for there are none.

        Raises:
            InvalidRequest: the body is empty.
        """
        if not self._bytes:
            raise InvalidRequest("The body is empty.")
        return Form()


def is_picture(content_type: str) -> bool:
    """Return whether a body of this Content-Type is a picture; which kind, its bytes tell."""
    return content_type.strip().lower().startswith("image/")
