"""``POST /api/ingest/{slot_id}``: where cameras post their photos."""

from __future__ import annotations

import asyncio
import base64
import binascii
import dataclasses
from dataclasses import replace
from functools import partial
from typing import Any

from tornado.httputil import HTTPServerRequest

from photobooth_daemon.administration.bounds import LARGEST_UPLOAD_MB
from photobooth_daemon.clock import rfc3339
from photobooth_daemon.errors import InvalidRequest
from photobooth_daemon.ingest.admission import Arrival
from photobooth_daemon.ingest.exchange import Admitted, Answer, Received
from photobooth_daemon.ingest.password import Sender
from photobooth_daemon.model import MB, ResponseMode
from photobooth_daemon.model.public_urls import page_url, result_url
from photobooth_daemon.pictures.kinds import MAGIC_BYTES, content_type_of
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.incoming.connections import unread_bytes, waited_seconds
from photobooth_daemon.web.incoming.multipart import FormNames
from photobooth_daemon.web.incoming.photo import (
    DRAIN_ALLOWANCE_BYTES,
    Photo,
    PhotoNeeds,
    server_timing,
)
from photobooth_daemon.web.site import Site

MAX_KEY_CHARACTERS = 200


class PhotoHandler(Handler):
    """A handler that owns one photo: a camera's, or an administrator's trial photo."""

    def initialize(self, base: Base, *, needs: PhotoNeeds) -> None:
        """Take what photos need, and note when the headers arrived: the window begins here."""
        super().initialize(base)
        self.needs = needs
        self.photo = Photo(needs, self.body)
        # Or before that, where they lay in the socket's queue: while the daemon restarted, say.
        self.started_monotonic_seconds = needs.clock.monotonic() - waited_seconds(self.request)
        # Until the settings are known, whatever they may allow.
        self.body.drain_bytes = LARGEST_UPLOAD_MB * MB + DRAIN_ALLOWANCE_BYTES

    def arrival(self) -> Arrival:
        """Return what the headers say."""
        return Arrival(
            started_monotonic_seconds=self.started_monotonic_seconds,
            sender=Sender(self.client_address(), self.request_id),
            content_length=self.body.announced_bytes,
            header_password=header_password(self.request),
            idempotency_key=self.request.headers.get("Idempotency-Key") or None,
            unread_bytes=partial(unread_bytes, self.request),
        )

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> asyncio.Future[None]:
        """Finish the answer; it counts as in flight until its last byte has left."""
        sent = super().finish(chunk)
        self.photo.answered(sent)
        return sent

    def client_left(self, *, hung_up: bool) -> None:
        """Give the seat and the upload back if the photo never reached the story."""
        self.photo.end(hung_up=hung_up, code=self.problem_code)

    def write_answer_headers(self, answer: Answer) -> None:
        """Say where the result is and where the time went."""
        self.set_header("X-Job-ID", str(answer.job_id))
        self.set_header("Server-Timing", server_timing(answer.timings))
        if answer.fallback:
            self.set_header("X-Photobooth-Fallback", "original")
            return
        url = result_url(answer.job_id)
        self.set_header("Link", f'<{url}>; rel="related", <{url}/preview>; rel="preview"')


class IngestHandler(PhotoHandler):
    """Takes a photo and answers with the picture, in the window."""

    public = True
    names = FormNames(file=("fileToUpload", "file"), secret=("password",))

    async def admit(self) -> None:
        """Check, in the contract's order, whatever needs no body."""
        # In capitals, too: somebody types this address into booth software.
        slot_id = self.path_args[0].lower()
        admitted = await self.needs.admission.admit(slot_id, self.arrival())
        content_type = self.request.headers.get("Content-Type", "")
        await self.photo.begin(admitted, self.names, content_type, takes_pictures=True)
        if len(admitted.idempotency_key or "") > MAX_KEY_CHARACTERS:
            raise InvalidRequest(f"Idempotency-Key has {MAX_KEY_CHARACTERS} characters at most.")
        self.response_mode = response_mode(self.request) or admitted.slot.response_mode
        self.inline_preview = inline_preview(self.request, admitted.slot.inline_preview)

    @unless_refused
    async def post(self, slot_id: str) -> None:
        """Run the exchange and answer in the mode that was asked for."""
        answer = await self.photo.run(self._as_asked)
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

    async def _as_asked(self, admitted: Admitted, received: Received) -> Admitted:
        """Return where links begin if the answer is a picture: only those may be stamped."""
        if self.response_mode is not ResponseMode.IMAGE:
            return admitted
        return replace(admitted, base_url=self.site.base_url(self.request))

    def write_picture(self, answer: Answer) -> None:
        """Answer with the picture itself; one with a stamp is not what its link gives."""
        self.set_header("Content-Type", answer.picture.content_type)
        if not answer.fallback and not answer.stamped:
            self.set_header("Content-Location", result_url(answer.job_id))
        self.write(answer.picture.data)


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
        "page_link": site.absolute_url(request, page_url(answer.job_id, answer.guest_key))
        if stored
        else None,
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
