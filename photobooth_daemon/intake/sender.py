"""Sends one photo to the daemon as a camera does, and says what its answer means for the photo."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from photobooth_daemon.intake.photo_files import open_photo
from photobooth_daemon.model import MB

ANSWER_SECONDS = 75.0
"""The longest window, and what the answer needs on its way."""
CONNECT_SECONDS = 5.0
ANSWER_MAX_BYTES = 64 * MB
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
PASSWORD_IS_WRONG = 401
WAITS_FOR_US = frozenset({408, 425, 429, 500, 503, 507})
"""Answers that say nothing about the photo: it waits, and is sent again."""
AFTERWARDS = frozenset({502, 504})
"""The window has been used up, and the attempts perhaps been paid for."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The picture came back; ``fallback`` says that it is the untouched photo."""

    picture: bytes = field(repr=False)
    suffix: str
    job_id: str | None
    fallback: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """There will be no picture of this photo; ``code`` is the contract's word."""

    status: int
    code: str
    detail: str
    job_id: str | None


@dataclass(frozen=True, slots=True)
class NotNow:
    """Nothing was decided; the photo waits for at least so long."""

    why: str
    seconds: float | None


Outcome = Delivered | Refused | NotNow


class Sender:
    """Posts photos to one daemon with the ingest password, which is asked for at each photo."""

    def __init__(
        self, http: aiohttp.ClientSession, server: str, password: Callable[[], str | None]
    ) -> None:
        self._http = http
        self._server = server
        self._password = password

    async def send(self, slot_id: str, photo: Path, name: str, key: str, *, source: str) -> Outcome:
        """Return what came of a photo; whatever goes wrong on the way means that it waits.

        Raises:
            OSError: the photo itself cannot be read.
        """
        password = self._password()
        if password is None:
            return NotNow("the intake has no ingest password", None)
        with open_photo(photo) as file:
            form = aiohttp.FormData()
            form.add_field("intake", source)
            form.add_field("name", name.encode("utf-8", "replace").decode("utf-8"))
            form.add_field("fileToUpload", file, filename="photo")
            try:
                async with self._http.post(
                    f"{self._server}/api/ingest/{slot_id}",
                    params={"response": "image"},
                    data=form,
                    headers={"X-Ingest-Password": password, "Idempotency-Key": key},
                    timeout=aiohttp.ClientTimeout(
                        total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS
                    ),
                    allow_redirects=False,
                ) as answer:
                    return await _meaning(answer)
            except (TimeoutError, aiohttp.ClientError, ConnectionError) as error:
                return NotNow(f"no answer from {self._server} ({type(error).__name__})", None)


async def _meaning(answer: aiohttp.ClientResponse) -> Outcome:
    body = await answer.content.read(ANSWER_MAX_BYTES)
    while not answer.content.at_eof() and len(body) < ANSWER_MAX_BYTES:
        body += await answer.content.read(ANSWER_MAX_BYTES - len(body))
    job_id = answer.headers.get("X-Job-ID")
    suffix = SUFFIXES.get(answer.content_type)
    if answer.status == 200 and suffix is not None:
        fallback = answer.headers.get("X-Photobooth-Fallback") is not None
        return Delivered(body, suffix, job_id, fallback)
    code, detail, job_id, still_running = _problem(body, job_id)
    if answer.status == PASSWORD_IS_WRONG:
        return NotNow("the daemon does not take the intake's ingest password", None)
    if answer.status in WAITS_FOR_US:
        return NotNow(f"{answer.status} {code}".strip(), _retry_after(answer))
    if still_running:
        # The daemon was killed in the middle of it; it is free again once that is noticed.
        return NotNow("its first try has not ended yet", _retry_after(answer))
    if 400 <= answer.status < 500 or answer.status in AFTERWARDS:
        return Refused(answer.status, code or "unknown", detail, job_id)
    return NotNow(f"{answer.status} with {answer.content_type}, which is no picture", None)


def _problem(body: bytes, job_id: str | None) -> tuple[str, str, str | None, bool]:
    """Return code, detail, job and ``still_running`` of a problem document (RFC 9457).

    They are empty where it is none.
    """
    try:
        document = json.loads(body)
        return (
            str(document.get("code", "")),
            str(document.get("detail", "")),
            document.get("job_id") or job_id,
            document.get("still_running") is True,
        )
    except (ValueError, AttributeError):
        return "", "", job_id, False


def _retry_after(answer: aiohttp.ClientResponse) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
