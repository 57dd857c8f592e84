"""One picture on its way in by multipart form, streamed to a scratch file.

Whoever streams slowly is told so (408), whoever sends too much is stopped while
streaming, and a client that hangs up leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from uuid import uuid4

from photobooth_daemon.deadline import ANSWER_MARGIN_SECONDS, Deadline
from photobooth_daemon.errors import PhotoboothError, StorageFull, UploadTimeout
from photobooth_daemon.ingest.exchange import Received
from photobooth_daemon.ingest.waiting.turns import UploadTurn
from photobooth_daemon.media.scratch_file import ScratchFile
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.incoming.body import Body
from photobooth_daemon.web.incoming.multipart import FormNames, FormReader
from photobooth_daemon.web.incoming.picture_body import PictureReader, is_picture

SILENCE_SECONDS = 10.0
SLOWEST_BYTES_PER_SECOND = 16 * 1024
GRACE_SECONDS = 3.0
"""How far a stranger's upload may fall behind that pace."""
LOOK_AT_DISK_BYTES = 4 * MB

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UploadRules:
    """What a form may hold, and until when it has to be here."""

    names: FormNames
    max_file_bytes: int
    deadline: Deadline
    min_free_bytes: int = 0
    is_known: bool = True
    """Whether the sender has shown who it is; others have to keep up a pace."""
    takes_pictures: bool = False
    """Whether the body may be the picture itself instead of a form that holds it."""


class Upload:
    """Takes a body as its form; :meth:`take` gives the picture, :meth:`end` leaves nothing.

    With ``turn`` it is read when the turn may read.
    """

    def __init__(
        self,
        body: Body,
        content_type: str,
        rules: UploadRules,
        media_store: MediaStore,
        in_flight: InFlight,
        turn: UploadTurn | None = None,
    ) -> None:
        """Prepare for the body.

        Raises:
            InvalidRequest: the request is not a multipart form.
        """
        self._body = body
        self._rules = rules
        self._media_store = media_store
        self._in_flight = in_flight
        self._grace_seconds = GRACE_SECONDS
        self._bytes = 0
        self._turn = turn
        self._writing = asyncio.Lock()
        scratch = media_store.open_scratch(uuid4())
        self._scratch: ScratchFile | None = scratch
        self._form: FormReader | PictureReader
        if rules.takes_pictures and is_picture(content_type):
            self._form = PictureReader(scratch.write, max_file_bytes=rules.max_file_bytes)
        else:
            self._form = FormReader(
                content_type, scratch.write, rules.names, max_file_bytes=rules.max_file_bytes
            )
        self._loop = asyncio.get_running_loop()
        patience_seconds = rules.deadline.remaining_seconds() - ANSWER_MARGIN_SECONDS
        self._deadline_timer = self._loop.call_later(max(0.0, patience_seconds), self._too_slow)
        self._silence_timer: asyncio.TimerHandle | None = None
        self._heard_at: float | None = None
        """When the last piece was taken, on the loop's clock; None while one is being taken."""
        self._listen_for_silence()
        body.go_to(self)

    async def feed(self, chunk: bytes) -> None:
        """Pass a piece of the body on to the form; the next is read when this one is taken."""
        self._keep_pace(len(chunk))
        self._heard_at = None
        try:
            if self._turn is not None:
                await self._turn.take()
            async with self._writing:
                if self._body.refusal is not None or self._scratch is None:
                    return
                self._look_at_disk(len(chunk))
                await self._form.feed(chunk)
        except PhotoboothError as error:
            self._body.refuse(error)
            return
        except Exception:
            # Here it would end the connection without a word.
            log.exception("an upload cannot be kept")
            self._body.refuse(PhotoboothError())
            return
        finally:
            if self._turn is not None:
                self._turn.rest()
        if self._body.refusal is None and self._scratch is not None:
            self._listen_for_silence()

    async def take(self) -> Received:
        """Return the whole upload; from here on its scratch file is the caller's to discard.

        The body is complete, so a client that hangs up now changes nothing any more.

        Raises:
            InvalidRequest: the form was cut off, without a file, or with an empty one.
            StorageFull: the disk has no room for its end.
        """
        assert self._scratch is not None
        self._stop_timers()
        scratch, self._scratch = self._scratch, None
        try:
            form = await self._form.finish()
            written = await scratch.close()
        except BaseException:
            await scratch.discard()
            raise
        return Received(
            scratch=scratch,
            path=written.path,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            fields=form.fields,
            password=form.secrets.get("password"),
        )

    def end(self) -> None:
        """Leave nothing behind: the answer is out, or the client hung up."""
        self._stop_timers()
        if self._scratch is not None:
            scratch, self._scratch = self._scratch, None
            self._in_flight.start(self._discard(scratch), "discarding an upload")

    async def _discard(self, scratch: ScratchFile) -> None:
        async with self._writing:
            await scratch.discard()

    def _look_at_disk(self, more_bytes: int) -> None:
        """Stop before the disk is full: what others have is more than what is still coming.

        Raises:
            StorageFull: there is no more room than photos are refused under.
        """
        before, self._bytes = self._bytes, self._bytes + more_bytes
        if before // LOOK_AT_DISK_BYTES == self._bytes // LOOK_AT_DISK_BYTES:
            return
        if self._media_store.free_bytes() < self._rules.min_free_bytes:
            raise StorageFull

    def _keep_pace(self, received_bytes: int) -> None:
        """Let the time that the client took count against what it has sent in it."""
        if self._turn is not None:
            self._turn.received_bytes += received_bytes
        waited = 0.0 if self._heard_at is None else self._loop.time() - self._heard_at
        sent_for = received_bytes / SLOWEST_BYTES_PER_SECOND
        self._grace_seconds = min(GRACE_SECONDS, self._grace_seconds - waited + sent_for)

    def _patience_seconds(self) -> float:
        return SILENCE_SECONDS if self._rules.is_known else max(0.0, self._grace_seconds)

    def _listen_for_silence(self) -> None:
        """From now on it is the client's turn; one timer serves all the pieces of a body."""
        self._heard_at = self._loop.time()
        if self._silence_timer is None:
            self._check_silence_in(self._patience_seconds())

    def _check_silence_in(self, seconds: float) -> None:
        self._silence_timer = self._loop.call_later(seconds, self._check_silence)

    def _check_silence(self) -> None:
        if self._heard_at is None:
            # A piece is being written, or waits for its turn: that is our time, not the client's.
            self._check_silence_in(GRACE_SECONDS)
            return
        left = self._heard_at + self._patience_seconds() - self._loop.time()
        if left > 0:
            self._check_silence_in(left)
        else:
            self._too_slow()

    def _too_slow(self) -> None:
        """Answer now: a client that does not send would never finish a drain either."""
        self._body.refuse_now(UploadTimeout())

    def _stop_timers(self) -> None:
        self._deadline_timer.cancel()
        if self._silence_timer is not None:
            self._silence_timer.cancel()
            self._silence_timer = None
