"""Fifteen cameras: ten that repeat a photo under its key, five that print the original."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, field

import aiohttp

from photobooth_daemon.rehearsal.camera import Camera
from photobooth_daemon.rehearsal.camera_form import Booth
from tests.cluster.installation import BOOTHS, PASSWORD, Installation
from tests.support.party import photo

REPEATING = 10
PAUSE_SECONDS = 1.0
REPEAT_PAUSE_SECONDS = 2.0
GIVE_UP_SECONDS = 180.0
"""A photo whose host died keeps its key until its job is ended: its window, then up to 95 s."""
TIMEOUT_SECONDS = 60.0
BOUNDARY = "a-boundary-of-the-cluster"


@dataclass(frozen=True, slots=True)
class Try:
    """One request: when it began, how long it took, and what came; no code means a picture."""

    at: float
    seconds: float
    code: str | None
    job_id: str | None = None


@dataclass(slots=True)
class Sent:
    """One photo and all that was answered to it."""

    slot_id: str
    sha256: str
    key: str | None
    tries: list[Try] = field(default_factory=list)
    result_sha256: str | None = None
    """Of the picture itself, where the camera was given that and not a link."""

    @property
    def job_id(self) -> str | None:
        """The job that gave the picture, if one came."""
        return self.tries[-1].job_id if self.tries and self.tries[-1].code is None else None


class Cameras:
    """All of them; ``sent`` is what they have sent so far."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._over = asyncio.Event()
        self.sent: list[Sent] = []
        self.started = time.monotonic()

    def stop(self) -> None:
        """Take no more photos."""
        self._over.set()

    async def run(self) -> None:
        """Send until told to stop; return when the last photo has its answer."""
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            asyncio.TaskGroup() as tasks,
        ):
            for number, slot_id in enumerate(BOOTHS):
                if number < REPEATING:
                    tasks.create_task(self._repeating(tasks, http, slot_id))
                else:
                    tasks.create_task(self._plain(number, slot_id))

    async def _repeating(
        self, tasks: asyncio.TaskGroup, http: aiohttp.ClientSession, slot_id: str
    ) -> None:
        """Take photos; what got no picture is sent again, beside the next ones."""
        number = 0
        while not self._over.is_set():
            number += 1
            data = await asyncio.to_thread(lambda: photo(480, 320, quality=80).data)
            sent = self._begin(slot_id, data, f"{slot_id}-{number}")
            sent.tries.append(await self._post(http, sent, data))
            if sent.job_id is None:
                tasks.create_task(self._again(http, sent, data))
            await self._pause()

    async def _again(self, http: aiohttp.ClientSession, sent: Sent, data: bytes) -> None:
        until = time.monotonic() + GIVE_UP_SECONDS
        while sent.job_id is None and time.monotonic() < until:
            await asyncio.sleep(REPEAT_PAUSE_SECONDS)
            sent.tries.append(await self._post(http, sent, data))

    async def _plain(self, number: int, slot_id: str) -> None:
        """Take photos as DSLR Remote Pro does: one try each."""
        url = f"{self._installation.haproxy.url}/api/ingest/{slot_id}?response=image"
        camera = Camera(url, PASSWORD, booth=Booth(number))
        while not self._over.is_set():
            taken = await asyncio.to_thread(photo, 480, 320, quality=80)
            sent = self._begin(slot_id, taken.data, None)
            at = self.now()
            shot = await camera.take(taken)
            headers = shot.answer.headers if shot.answer else {}
            sent.tries.append(Try(at, shot.seconds, shot.why_original, headers.get("x-job-id")))
            if shot.picture is not None:
                sent.result_sha256 = hashlib.sha256(shot.picture).hexdigest()
            await self._pause()

    async def _post(self, http: aiohttp.ClientSession, sent: Sent, data: bytes) -> Try:
        assert sent.key is not None
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "X-Ingest-Password": PASSWORD,
            "Idempotency-Key": sent.key,
        }
        url = f"{self._installation.haproxy.url}/api/ingest/{sent.slot_id}"
        at, job_id = self.now(), None
        try:
            async with http.post(url, data=_form(data), headers=headers) as answer:
                body = await answer.read()
            code: str | None = f"{answer.status} {_word(body, 'code')}".strip()
            if answer.status == 200:
                code, job_id = None, _word(body, "job_id")
        except TimeoutError:
            code = "client timeout"
        except (aiohttp.ClientError, OSError):
            code = "connection lost"
        return Try(at, self.now() - at, code, job_id)

    def _begin(self, slot_id: str, data: bytes, key: str | None) -> Sent:
        sent = Sent(slot_id, hashlib.sha256(data).hexdigest(), key)
        self.sent.append(sent)
        return sent

    def now(self) -> float:
        """Return the seconds since the first photo."""
        return time.monotonic() - self.started

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._over.wait()
        except TimeoutError:
            return


def _form(data: bytes) -> bytes:
    head = 'Content-Disposition: form-data; name="fileToUpload"; filename="IMG_0042.JPG"'
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def _word(body: bytes, name: str) -> str:
    try:
        return str(json.loads(body).get(name, ""))
    except (ValueError, AttributeError):
        return ""
