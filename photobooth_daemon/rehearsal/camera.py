"""A booth's camera program as an HTTP client: faithful to DSLR Remote Pro, headers and habits.

It asks ``Expect: 100-continue``, waits a second for the answer and then sends
anyway; it opens a connection for each photo; it takes a 200 with a picture and
prints the original in every other case.
"""

from __future__ import annotations

import asyncio
import io
import json
import random
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from photobooth_daemon.model import MB
from photobooth_daemon.rehearsal.camera_form import Booth, Form, Photo, make_form

ANSWER_MAX_BYTES = 64 * MB
HEADERS_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Habits:
    """How the client behaves on the wire; the defaults are DSLR Remote Pro's."""

    expect_continue: bool = True
    continue_wait_seconds: float = 1.0
    timeout_seconds: float = 50.0
    upload_bytes_per_second: float | None = None
    hang_up_after_bytes: int | None = None
    verify_tls: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo's fate. ``why_original`` is None where the picture that came back is printed.

    ``sent_only`` where nobody waits for a picture: it may come, or not.
    """

    photo: str
    camera: int
    seconds: float
    why_original: str | None
    answer: Answer | None = None
    asked_to_continue: bool = False
    size_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    sent_only: bool = False

    @property
    def outcome(self) -> str:
        """``picture``, ``sent``, or ``original`` where neither came about."""
        if self.why_original is not None:
            return "original"
        return "sent" if self.sent_only else "picture"

    @property
    def picture(self) -> bytes | None:
        """The picture to print, if one came."""
        return self.answer.body if self.answer and self.why_original is None else None

    def without_body(self) -> Shot:
        """Return the shot without the bytes that came back: what is kept of thousands."""
        if self.answer is None:
            return self
        return replace(self, answer=replace(self.answer, body=b""))

    def as_json(self) -> dict[str, Any]:
        """Return the shot for scripts."""
        headers = self.answer.headers if self.answer else {}
        return {
            "photo": self.photo,
            "camera": self.camera,
            "outcome": self.outcome,
            "why_original": self.why_original,
            "status": self.answer.status if self.answer else None,
            "content_type": headers.get("content-type"),
            "size_bytes": self.size_bytes,
            "width": self.width,
            "height": self.height,
            "job_id": headers.get("x-job-id"),
            "request_id": headers.get("x-request-id"),
            "server_timing": headers.get("server-timing"),
            "fallback": headers.get("x-photobooth-fallback"),
            "seconds": round(self.seconds, 3),
        }


class Camera:
    """Sends photos to one URL, one at a time, and waits for each as the booth does."""

    def __init__(
        self,
        url: str,
        password: str | None,
        *,
        booth: Booth | None = None,
        habits: Habits | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._url = urlsplit(url)
        if self._url.scheme not in ("http", "https") or not self._url.hostname:
            raise ValueError(f"{url} is not an http:// or https:// URL")
        self._password = password
        self._booth = booth or Booth()
        self._habits = habits or Habits()
        self._chance = chance or random.Random()  # noqa: S311 - made-up machine data

    async def take(self, photo: Photo) -> Shot:
        """Send the photo and return what the booth would print, whatever the answer was."""
        fields = self._booth.fields(self._password, self._chance)
        form = make_form(photo, fields, file_first=self._booth.file_first, chance=self._chance)
        continued = asyncio.Event()
        started = time.monotonic()
        answer = None
        try:
            async with asyncio.timeout(self._habits.timeout_seconds):
                answer = await self._exchange(form, continued)
            size, why = await asyncio.to_thread(_judge, answer)
        except TimeoutError:
            size, why = None, "client timeout"
        except _HungUp:
            size, why = None, "hung up"
        except _Unreachable as error:
            size, why = None, f"unreachable ({error})"
        except (OSError, EOFError, ValueError):
            size, why = None, "connection lost"
        width, height = size or (None, None)
        return Shot(
            photo=photo.name,
            camera=self._booth.number,
            seconds=time.monotonic() - started,
            why_original=why,
            answer=answer,
            asked_to_continue=continued.is_set(),
            size_bytes=len(answer.body) if answer else None,
            width=width,
            height=height,
        )

    async def _exchange(self, form: Form, continued: asyncio.Event) -> Answer:
        reader, writer = await self._connect()
        tasks: list[asyncio.Task[Any]] = []
        try:
            writer.write(self._head(form))
            answer = asyncio.create_task(_read_answer(reader, continued))
            tasks.append(answer)
            if self._habits.expect_continue:
                permitted = asyncio.create_task(continued.wait())
                tasks.append(permitted)
                await asyncio.wait(
                    {answer, permitted},
                    timeout=self._habits.continue_wait_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            if not answer.done():
                upload = asyncio.create_task(self._send_body(writer, form))
                tasks.append(upload)
                await asyncio.wait({answer, upload}, return_when=asyncio.FIRST_COMPLETED)
                if upload.done() and not answer.done():
                    _raise_hang_up(upload)
            return await answer
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self._url.port or (443 if self._url.scheme == "https" else 80)
        tls: ssl.SSLContext | None = None
        if self._url.scheme == "https":
            tls = ssl.create_default_context()
            if not self._habits.verify_tls:
                tls.check_hostname = False
                tls.verify_mode = ssl.CERT_NONE
        try:
            return await asyncio.open_connection(
                self._url.hostname, port, ssl=tls, limit=HEADERS_MAX_BYTES
            )
        except OSError as error:
            raise _Unreachable(error.strerror or type(error).__name__) from error

    def _head(self, form: Form) -> bytes:
        target = self._url.path or "/"
        if self._url.query:
            target = f"{target}?{self._url.query}"
        # Exactly these, in this order: no User-Agent, no Accept, no Connection.
        lines = [
            f"POST {target} HTTP/1.1",
            f"Host: {self._url.netloc.rpartition('@')[2]}",
            f"Content-Type: {form.content_type}",
            f"Content-Length: {form.size_bytes}",
        ]
        if self._habits.expect_continue:
            lines.append("Expect: 100-continue")
        return "\r\n".join([*lines, "", ""]).encode("utf-8")

    async def _send_body(self, writer: asyncio.StreamWriter, form: Form) -> None:
        sent = 0
        for chunk in form.chunks():
            limit = self._habits.hang_up_after_bytes
            if limit is not None and sent + len(chunk) >= limit:
                writer.write(chunk[: limit - sent])
                await writer.drain()
                raise _HungUp
            writer.write(chunk)
            sent += len(chunk)
            await writer.drain()
            if self._habits.upload_bytes_per_second:
                await asyncio.sleep(len(chunk) / self._habits.upload_bytes_per_second)


class _HungUp(Exception):
    """The client has had enough, on purpose."""


class _Unreachable(Exception):
    """No connection could be made."""


def _raise_hang_up(upload: asyncio.Task[Any]) -> None:
    """Let a wanted hang-up through; a connection that broke is the reader's to tell."""
    error = upload.exception()
    if isinstance(error, _HungUp):
        raise error


async def _read_answer(reader: asyncio.StreamReader, continued: asyncio.Event) -> Answer:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].partition(" ")[2][:3])
        if status >= 200:
            break
        if status == 100:
            continued.set()
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "content-length" in headers:
        size_bytes = int(headers["content-length"])
        if size_bytes > ANSWER_MAX_BYTES:
            raise ValueError("the answer is larger than any picture")
        body = await reader.readexactly(size_bytes)
    else:
        body = await reader.read(ANSWER_MAX_BYTES)
    return Answer(status, headers, body)


def _judge(answer: Answer) -> tuple[tuple[int, int] | None, str | None]:
    """Return the picture's size, or why the booth prints the original instead."""
    if answer.status != 200:
        return None, f"{answer.status} {_problem_code(answer)}".strip()
    content_type = answer.headers.get("content-type", "none")
    if not content_type.startswith("image/"):
        return None, f"200 with {content_type.partition(';')[0]} instead of a picture"
    # Here, because a command's help loads this module and looks at no picture.
    from PIL import Image

    try:
        with Image.open(io.BytesIO(answer.body)) as picture:
            return picture.size, None
    except (OSError, ValueError, Image.DecompressionBombError):
        return None, f"200 with a broken {content_type}"


def _problem_code(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body).get("code", ""))
    except (ValueError, AttributeError):
        return ""
