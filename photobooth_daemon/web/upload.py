"""A handler that takes one picture by multipart form, streamed to a scratch file.

Whoever streams slowly is told so (408), whoever sends too much is stopped while
streaming, and a client that hangs up leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import ClassVar
from uuid import uuid4

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import PhotoboothError, UploadTimeout
from photobooth_daemon.ingest.exchange import Upload
from photobooth_daemon.ingest.waiting.turns import UploadTurn
from photobooth_daemon.media.scratch_file import ScratchFile
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.handler import Handler
from photobooth_daemon.web.multipart import FormReader

SILENCE_SECONDS = 10.0
ANSWER_MARGIN_SECONDS = 0.2

log = logging.getLogger(__name__)


class UploadHandler(Handler):
    """The base of handlers that receive a picture; subclasses call :meth:`expect_upload`."""

    file_names: ClassVar[tuple[str, ...]] = ("file",)
    secret_names: ClassVar[tuple[str, ...]] = ()
    long_names: ClassVar[tuple[str, ...]] = ()
    """Fields of which more than the customary 4 KiB is kept."""

    _form: FormReader | None = None
    _scratch: ScratchFile | None = None
    _silence_timer: asyncio.TimerHandle | None = None
    _heard_at: float | None = None
    """When the last piece was taken, on the loop's clock; None while one is being taken."""
    _deadline_timer: asyncio.TimerHandle | None = None
    _turn: UploadTurn | None = None

    def expect_upload(
        self,
        media_store: MediaStore,
        in_flight: InFlight,
        *,
        max_file_bytes: int,
        deadline: Deadline,
        turn: UploadTurn | None = None,
    ) -> None:
        """Prepare for the body: the rest of it must arrive before ``deadline``.

        With ``turn`` it is read when the turn may read.

        Raises:
            InvalidRequest: the request is not a multipart form.
        """
        self._in_flight = in_flight
        self._turn = turn
        self._writing = asyncio.Lock()
        self._scratch = media_store.open_scratch(uuid4())
        self._form = FormReader(
            self.request.headers.get("Content-Type", ""),
            self._scratch.write,
            file_names=self.file_names,
            secret_names=self.secret_names,
            max_file_bytes=max_file_bytes,
            long_names=self.long_names,
        )
        loop = asyncio.get_running_loop()
        patience_seconds = max(0.0, deadline.remaining_seconds() - ANSWER_MARGIN_SECONDS)
        self._deadline_timer = loop.call_later(patience_seconds, self._too_slow)
        self._listen_for_silence()

    def receive(self, chunk: bytes) -> Awaitable[None]:
        """Pass a piece of the body on to the form; the next is read when this one is taken."""
        # Whoever asked for a word has had it: a refusal from now on has to drain.
        self.request.headers.pop("Expect", None)
        return self._feed(chunk)

    async def take_upload(self) -> Upload:
        """Return the whole upload; from here on its scratch file is the caller's to discard.

        The body is complete, so a client that hangs up now changes nothing any more.

        Raises:
            InvalidRequest: the form was cut off, without a file, or with an empty one.
            StorageFull: the disk has no room for its end.
        """
        assert self._form is not None
        assert self._scratch is not None
        self._stop_timers()
        scratch, self._scratch = self._scratch, None
        try:
            form = await self._form.finish()
            written = await scratch.close()
        except BaseException:
            await scratch.discard()
            raise
        return Upload(
            scratch=scratch,
            path=written.path,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            fields=form.fields,
            password=form.secrets.get("password"),
        )

    def on_finish(self) -> None:
        """Leave nothing behind once the answer is out."""
        self._release()
        super().on_finish()

    def on_connection_close(self) -> None:
        """Leave nothing behind when the client hangs up before its upload was complete."""
        self._release()
        super().on_connection_close()

    async def _feed(self, chunk: bytes) -> None:
        assert self._form is not None
        self._heard_at = None
        try:
            if self._turn is not None:
                await self._turn.take()
            async with self._writing:
                if self.refused or self._scratch is None:
                    return
                await self._form.feed(chunk)
        except PhotoboothError as error:
            self.refuse(error)
            return
        except Exception:
            # Here it would end the connection without a word.
            log.exception("an upload cannot be kept")
            self.refuse(PhotoboothError())
            return
        finally:
            if self._turn is not None:
                self._turn.rest()
        if not self.refused and self._scratch is not None:
            self._listen_for_silence()

    def _listen_for_silence(self) -> None:
        """From now on it is the client's turn; one timer serves all the pieces of a body."""
        self._heard_at = asyncio.get_running_loop().time()
        if self._silence_timer is None:
            self._check_silence_in(SILENCE_SECONDS)

    def _check_silence_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._silence_timer = loop.call_later(seconds, self._check_silence)

    def _check_silence(self) -> None:
        if self._heard_at is None:
            # A piece is being written, or waits for its turn: that is our time, not the client's.
            self._check_silence_in(SILENCE_SECONDS)
            return
        left = self._heard_at + SILENCE_SECONDS - asyncio.get_running_loop().time()
        if left > 0:
            self._check_silence_in(left)
        else:
            self._too_slow()

    def _too_slow(self) -> None:
        """Answer now: a client that does not send would never finish a drain either."""
        self.refuse(UploadTimeout())
        self.answer_refusal()

    def _release(self) -> None:
        self._stop_timers()
        if self._scratch is not None:
            scratch, self._scratch = self._scratch, None
            self._in_flight.start(self._discard(scratch), "discarding an upload")

    async def _discard(self, scratch: ScratchFile) -> None:
        async with self._writing:
            await scratch.discard()

    def _stop_timers(self) -> None:
        for timer in (self._silence_timer, self._deadline_timer):
            if timer is not None:
                timer.cancel()
        self._silence_timer = self._deadline_timer = None
