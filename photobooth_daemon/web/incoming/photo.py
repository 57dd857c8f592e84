"""One photo's HTTP life, be it a camera's or an administrator's trial photo."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from photobooth_daemon.clock import Clock
from photobooth_daemon.ingest.admission import AdmissionService
from photobooth_daemon.ingest.exchange import Admitted, Answer, Received
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB, Timings
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.incoming.body import Body
from photobooth_daemon.web.incoming.multipart import FormNames
from photobooth_daemon.web.incoming.upload import Upload, UploadRules
from photobooth_daemon.web.problems import problem_of

DRAIN_ALLOWANCE_BYTES = 8 * MB

SetUp = Callable[[Admitted, Received], Awaitable[Admitted]]


@dataclass(frozen=True, slots=True)
class PhotoNeeds:
    """What a route that takes photos is given."""

    admission: AdmissionService
    ingest: IngestService
    media_store: MediaStore
    in_flight: InFlight
    clock: Clock


class Photo:
    """Holds the photo's seat and its upload, until the story has them or the client has left."""

    def __init__(self, needs: PhotoNeeds, body: Body) -> None:
        self._needs = needs
        self._body = body
        self._admitted: Admitted | None = None
        self._upload: Upload | None = None
        self._sent: asyncio.Event | None = None

    async def begin(
        self,
        admitted: Admitted,
        names: FormNames,
        content_type: str,
        *,
        takes_pictures: bool = False,
    ) -> None:
        """Hold the seat, wait until the photo may be read, and prepare for it.

        With ``takes_pictures`` the body may be the picture itself.

        Raises:
            RateLimited: so many photos are ahead that this one cannot make it.
            InvalidRequest: the request is not a multipart form.
        """
        self._admitted = admitted
        self._body.due = admitted.deadline
        self._body.refused = self._refused
        await admitted.turn.take()
        if self._admitted is None:
            return  # The client hung up while it waited.
        max_file_bytes = admitted.settings.values.max_upload_mb * MB
        self._body.drain_bytes = max_file_bytes + DRAIN_ALLOWANCE_BYTES
        self._upload = Upload(
            self._body,
            content_type,
            UploadRules(
                names,
                max_file_bytes,
                admitted.deadline,
                min_free_bytes=admitted.settings.values.min_free_mb * MB,
                is_known=admitted.password_accepted,
                takes_pictures=takes_pictures,
            ),
            self._needs.media_store,
            self._needs.in_flight,
            admitted.turn,
        )
        # Headers alone must not keep the turn from those who send.
        admitted.turn.rest()

    async def run(self, set_up: SetUp | None = None) -> Answer:
        """Return the answer to the photo that has arrived.

        ``set_up`` may change what was admitted by what came with the photo.

        Raises:
            PhotoboothError: as ``IngestService.run`` says.
        """
        admitted, self._admitted = self._admitted, None
        upload, self._upload = self._upload, None
        assert admitted is not None
        assert upload is not None
        try:
            received = await upload.take()
            admitted.turn.leave()
            if set_up is not None:
                admitted = await _set_up(set_up, admitted, received)
        except BaseException as error:
            self._needs.ingest.give_up(admitted, "refused", problem_of(error).code)
            raise
        self._sent = asyncio.Event()
        self._needs.in_flight.start(self._sent.wait(), f"answer of photo {admitted.job_id}")
        return await self._needs.ingest.run(admitted, received)

    def answered(self, sent: asyncio.Future[None]) -> None:
        """Count the answer as in flight until its last byte has left."""
        if (event := self._sent) is not None:
            sent.add_done_callback(lambda _: event.set())

    def end(self, *, hung_up: bool, code: str | None) -> None:
        """Give up what the story has not taken over: the client hung up, or was answered."""
        self._give_up("aborted" if hung_up else "refused", code)

    def _refused(self) -> None:
        """Hold nothing for a body that is only drained any more."""
        self._give_up("refused", problem_of(self._body.refusal).code)

    def _give_up(self, outcome: str, code: str | None) -> None:
        if self._upload is not None:
            self._upload.end()
        admitted, self._admitted = self._admitted, None
        if admitted is not None:
            self._needs.ingest.give_up(admitted, outcome, code)


async def _set_up(set_up: SetUp, admitted: Admitted, received: Received) -> Admitted:
    try:
        return await set_up(admitted, received)
    except BaseException:
        await received.scratch.discard()
        raise


def server_timing(timings: Timings) -> str:
    """Return the timings as a ``Server-Timing`` header (W3C Server Timing)."""
    return ", ".join(
        f"{name.removesuffix('_ms')};dur={value}"
        for name, value in dataclasses.asdict(timings).items()
    )
