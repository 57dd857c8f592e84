"""``POST /api/ingest/{slot_id}``: where cameras post their photos."""

from __future__ import annotations

import asyncio
import base64
import binascii
import dataclasses
from typing import Any
from uuid import UUID

from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError

from photobooth_daemon.administration.settings import LARGEST_UPLOAD_MB
from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.errors import InvalidRequest, PhotoboothError
from photobooth_daemon.ingest.admission import MB, AdmissionService, Arrival
from photobooth_daemon.ingest.exchange import Answer, Exchange, Upload
from photobooth_daemon.ingest.password import Sender
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import ResponseMode, Timings
from photobooth_daemon.pictures.headers import MAGIC_BYTES, content_type_of
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.problems import problem_of
from photobooth_daemon.web.site import Site
from photobooth_daemon.web.upload import ANSWER_MARGIN_SECONDS, UploadHandler

DRAIN_ALLOWANCE_BYTES = 8 * MB
MAX_KEY_CHARACTERS = 200
PATIENCE_SECONDS = 0.8
LATE_DRAIN_SECONDS = 1.5


class PhotoHandler(UploadHandler):
    """What a camera's photo and an administrator's trial photo have in common."""

    exchange: Exchange | None = None
    _left: asyncio.Event | None = None
    drain_bytes = LARGEST_UPLOAD_MB * MB + DRAIN_ALLOWANCE_BYTES
    """Until the settings are known, whatever they may allow."""

    def initialize(
        self,
        admission: AdmissionService,
        ingest: IngestService,
        media_store: MediaStore,
        in_flight: InFlight,
        clock: Clock,
        **base: Any,
    ) -> None:
        """Take the service, and note when the headers arrived: the window begins here."""
        super().initialize(**base)
        self.admission = admission
        self.ingest = ingest
        self.media_store = media_store
        self.in_flight = in_flight
        self.started_monotonic_seconds = clock.monotonic()

    def arrival(self) -> Arrival:
        """Return what the headers say."""
        return Arrival(
            started_monotonic_seconds=self.started_monotonic_seconds,
            sender=Sender(self.client_address(), self.request_id),
            content_length=self.content_length(),
            header_password=header_password(self.request),
            idempotency_key=self.request.headers.get("Idempotency-Key") or None,
        )

    async def begin(self, exchange: Exchange) -> None:
        """Hold the exchange, wait until its photo may be read, and prepare for it.

        Raises:
            RateLimited: so many photos are ahead that this one cannot make it.
            InvalidRequest: the request is not a multipart form.
        """
        self.exchange = exchange
        await exchange.turn.take()
        if self.exchange is None:
            return  # The client hung up while it waited.
        max_file_bytes = exchange.settings.values.max_upload_mb * MB
        self.drain_bytes = max_file_bytes + DRAIN_ALLOWANCE_BYTES
        self.expect_upload(
            self.media_store,
            self.in_flight,
            max_file_bytes=max_file_bytes,
            deadline=exchange.deadline,
            turn=exchange.turn,
        )
        # Headers alone must not keep the turn from those who send.
        exchange.turn.rest()

    def refuse(self, error: PhotoboothError | HTTPError) -> None:
        """Answer ``error`` before the deadline, whatever is still being sent.

        A camera that was promised a word asks for it about a second; then it sends
        anyway, and has to be drained like one that never asked.
        """
        exchange = self.exchange
        if exchange is not None:
            exchange.turn.leave()
            left = exchange.deadline.remaining_seconds() - ANSWER_MARGIN_SECONDS
            self.drain_seconds = max(0.0, min(self.drain_seconds, left))
            if exchange.elapsed_seconds() > PATIENCE_SECONDS and "Expect" in self.request.headers:
                del self.request.headers["Expect"]
                self.drain_seconds = min(self.drain_seconds, LATE_DRAIN_SECONDS)
        super().refuse(error)

    async def run(self) -> Answer:
        """Return the answer to the photo that has arrived.

        Raises:
            PhotoboothError: as ``IngestService.run`` says.
        """
        exchange, self.exchange = self.exchange, None
        assert exchange is not None
        try:
            upload = await self.take_upload()
            exchange.turn.leave()
            try:
                await self.set_up(exchange, upload)
            except BaseException:
                await upload.scratch.discard()
                raise
        except BaseException as error:
            self.ingest.give_up(exchange, "refused", problem_of(error).code)
            raise
        exchange.timings_ms["upload_ms"] = round(exchange.elapsed_seconds() * 1000)
        self._left = asyncio.Event()
        self.in_flight.start(self._left.wait(), f"answer of photo {exchange.job_id}")
        return await self.ingest.run(exchange, upload)

    async def set_up(self, exchange: Exchange, upload: Upload) -> None:
        """Change the exchange by what came with the photo; nothing, for a camera's.

        Raises:
            PhotoboothError: what came cannot be used; there is no job.
        """

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> asyncio.Future[None]:
        """Finish the answer; it counts as in flight until its last byte has left."""
        sent = super().finish(chunk)
        if (left := self._left) is not None:
            sent.add_done_callback(lambda _: left.set())
        return sent

    def on_finish(self) -> None:
        """Give the seat back if the photo never reached the service."""
        super().on_finish()
        self._give_up("refused")

    def on_connection_close(self) -> None:
        """Give the seat back if the client hung up before its photo was here."""
        super().on_connection_close()
        self._give_up("aborted")

    def write_answer_headers(self, answer: Answer) -> None:
        """Say where the result is and where the time went."""
        self.set_header("X-Job-ID", str(answer.job_id))
        self.set_header("Server-Timing", server_timing(answer.timings))
        if answer.fallback:
            self.set_header("X-Photobooth-Fallback", "original")
            return
        url = result_url(answer.job_id)
        self.set_header("Link", f'<{url}>; rel="related", <{url}/preview>; rel="preview"')

    def _give_up(self, outcome: str) -> None:
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            self.ingest.give_up(exchange, outcome, self.problem_code)


class IngestHandler(PhotoHandler):
    """Takes a photo and answers with the picture, in the window."""

    public = True
    file_names = ("fileToUpload", "file")
    secret_names = ("password",)

    async def admit(self) -> None:
        """Check, in the contract's order, whatever needs no body."""
        arrival = self.arrival()
        exchange = await self.admission.admit(self.path_args[0], arrival)
        await self.begin(exchange)
        if len(exchange.idempotency_key or "") > MAX_KEY_CHARACTERS:
            raise InvalidRequest(f"Idempotency-Key has {MAX_KEY_CHARACTERS} characters at most.")
        self.response_mode = response_mode(self.request)
        self.inline_preview = inline_preview(self.request, exchange.slot.inline_preview)
        self.response_mode = self.response_mode or exchange.slot.response_mode

    async def post(self, slot_id: str) -> None:
        """Run the exchange and answer in the mode that was asked for."""
        answer = await self.run()
        self.write_answer_headers(answer)
        match self.response_mode:
            case ResponseMode.IMAGE:
                self.write_picture(answer)
            case ResponseMode.TEXT:
                self.set_header("Content-Type", "text/plain; charset=utf-8")
                link = self.site.absolute_url(self.request, result_url(answer.job_id))
                self.write("" if answer.fallback else f"{link}\n")
            case _:
                body = answer_json(answer, self.site, self.request, inline=self.inline_preview)
                self.write_json(body)

    def write_picture(self, answer: Answer) -> None:
        """Answer with the picture itself."""
        self.set_header("Content-Type", answer.picture.content_type)
        if not answer.fallback:
            self.set_header("Content-Location", result_url(answer.job_id))
        self.write(answer.picture.data)


def result_url(job_id: UUID) -> str:
    """Return the public path of a job's result."""
    return f"/public/results/{job_id}"


def answer_json(
    answer: Answer, site: Site, request: HTTPServerRequest, *, inline: bool
) -> dict[str, Any]:
    """Return the JSON form of an answer; a fallback has no links, for nothing is stored."""
    stored = not answer.fallback
    url = result_url(answer.job_id)
    preview = None
    if inline and answer.preview is not None:
        kind = content_type_of(answer.preview[:MAGIC_BYTES])
        preview = f"data:{kind};base64," + base64.b64encode(answer.preview).decode("ascii")
    return {
        "job_id": str(answer.job_id),
        "slot_id": answer.slot_id,
        "status": answer.status.value,
        "result_url": url if stored else None,
        "result_link": site.absolute_url(request, url) if stored else None,
        "page_link": site.absolute_url(request, f"/r/{answer.job_id}") if stored else None,
        "preview_url": f"{url}/preview" if stored else None,
        "content_type": answer.picture.content_type,
        "width": answer.picture.width,
        "height": answer.picture.height,
        "size_bytes": len(answer.picture.data),
        "expires_at": None if answer.expires_at is None else rfc3339(answer.expires_at),
        "preview": preview,
        "fallback": "original" if answer.fallback else None,
        "timings": dataclasses.asdict(answer.timings),
    }


def server_timing(timings: Timings) -> str:
    """Return the timings as a ``Server-Timing`` header (W3C Server Timing)."""
    return ", ".join(
        f"{name.removesuffix('_ms')};dur={value}"
        for name, value in dataclasses.asdict(timings).items()
    )


def header_password(request: HTTPServerRequest) -> bytes | None:
    """Return the password of ``X-Ingest-Password`` or Basic auth; None without either."""
    given = request.headers.get("X-Ingest-Password")
    if given is not None:
        # Header bytes reach us as latin-1 (RFC 9110, 5.5): back to what was typed.
        return given.encode("latin-1", "replace")
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""


def response_mode(request: HTTPServerRequest) -> ResponseMode | None:
    """Return what the request asks for: the query, else ``Accept``; None without a preference.

    Raises:
        InvalidRequest: ``?response=`` is none of the modes.
    """
    asked = request.query_arguments.get("response")
    if asked:
        try:
            return ResponseMode(asked[-1].decode("utf-8", "replace"))
        except ValueError as error:
            raise InvalidRequest("response is json, image or text.") from error
    return _accepted_mode(request.headers.get("Accept", ""))


def inline_preview(request: HTTPServerRequest, of_slot: bool) -> bool:
    """Return whether the JSON answer carries the preview."""
    asked = request.query_arguments.get("preview")
    return of_slot or bool(asked and asked[-1] == b"inline")


def _accepted_mode(accept: str) -> ResponseMode | None:
    best: tuple[float, ResponseMode] | None = None
    for part in accept.split(","):
        kind, *options = (piece.strip().lower() for piece in part.split(";"))
        mode = _mode_of(kind)
        quality = _quality(options)
        if mode is not None and quality > 0 and (best is None or quality > best[0]):
            best = (quality, mode)
    return None if best is None else best[1]


def _mode_of(media_range: str) -> ResponseMode | None:
    if media_range == "application/json":
        return ResponseMode.JSON
    if media_range.startswith("image/"):
        return ResponseMode.IMAGE
    return ResponseMode.TEXT if media_range == "text/plain" else None


def _quality(options: list[str]) -> float:
    for option in options:
        if option.startswith("q="):
            try:
                return float(option[2:])
            except ValueError:
                return 0.0
    return 1.0
