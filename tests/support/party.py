"""A whole evening from outside: the daemon's own process, a provider, cameras, a database."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import asyncpg
import bcrypt
from PIL import Image
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from photobooth_daemon.rehearsal.camera import Camera, Habits, Shot
from photobooth_daemon.rehearsal.camera_form import Booth, Photo
from photobooth_daemon.rehearsal.fake_picture import Painter
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from photobooth_daemon.rehearsal.fake_request_log import SeenRequest
from tests.support.aftermath import assert_nothing_left
from tests.support.daemons import Daemon
from tests.support.fakes import eventually
from tests.support.quick_painter import QuickPainter
from tests.support.sample_pictures import noise

PASSWORD = "the booth's own secret 7"
KEY = "AIza-a-key-that-must-never-be-seen"
SLOT = "slot-001"
BETWEEN_PHOTOS_SECONDS = 0.2
"""The pause of a camera that goes on and on: without one it takes the machine for itself."""
GAUGES = (
    "photobooth_ingest_in_flight",
    "photobooth_ingest_waiting",
    "photobooth_provider_stray_attempts",
)


def photo(width: int = 900, height: int = 600, *, quality: int = 90) -> Photo:
    """Return a photo with detail, and of no other photo's bytes."""
    encoded = BytesIO()
    noise(width, height).save(encoded, "JPEG", quality=quality)
    return Photo("IMG_0042.JPG", encoded.getvalue())


@dataclass
class Party:
    """The daemon with ``slot-001`` on the fake provider's Gemini, and how to disturb it."""

    directory: Path
    database_url: str
    daemon: Daemon
    provider: FakeProvider
    background: list[asyncio.Task[Any]] = field(default_factory=list)
    disk: Path | None = None
    """Where the test sees the root of the daemon's file system, if that is another one."""
    front_url: str | None = None
    """Where cameras and guests send, if that is a balancer's address."""

    @classmethod
    async def open(
        cls,
        directory: Path,
        database_url: str,
        *,
        toml: str = "",
        start: bool = True,
        constants: Mapping[str, float] | None = None,
        painter: Painter | None = None,
    ) -> Party:
        """Open it; ``constants`` are the times that its daemons take less of than in the field."""
        provider = FakeProvider(keys={KEY}, painter=painter or QuickPainter())
        gemini = f'[providers.gemini]\nbase_url = "{provider.start()}"\napi_key = "{KEY}"\n'
        daemon = Daemon(directory, database_url, gemini + toml)
        daemon.constants = constants or {}
        party = cls(directory, database_url, daemon, provider)
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        await party.execute("UPDATE setting SET ingest_password_hash = $1", hashed)
        await party.set_slot(SLOT, provider="gemini", operation="edit", params={"prompt": "smile"})
        if start:
            await party.start()
        return party

    async def close(self) -> None:
        for task in self.background:
            task.cancel()
        await asyncio.gather(*self.background, return_exceptions=True)
        self.daemon.close()
        await self.provider.stop()

    async def start(self) -> None:
        """Start the daemon and wait until it takes photos."""
        self.daemon.start()
        await self.ready()

    async def ready(self) -> None:
        await asyncio.to_thread(self.daemon.wait_until_ready)

    def kill(self) -> None:
        """``kill -9`` the daemon."""
        process = self.daemon.process
        assert process is not None
        process.kill()
        process.wait()

    @property
    def media_root(self) -> Path:
        inside = self.daemon.media_root
        return inside if self.disk is None else self.disk / inside.relative_to("/")

    @property
    def url(self) -> str:
        return self.front_url or f"http://127.0.0.1:{self.daemon.port}"

    # The database, on connections of the test's own

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        connection = await self.connect()
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    async def execute(self, sql: str, *arguments: Any) -> None:
        connection = await self.connect()
        try:
            await connection.execute(sql, *arguments)
        finally:
            await connection.close()

    async def connect(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(self.database_url, timeout=30)
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
        )
        return connection

    async def set_slot(self, slot_id: str = SLOT, **columns: Any) -> None:
        columns = {"enabled": True, **columns}
        names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
        await self.execute(
            f"UPDATE slot SET {names} WHERE slot_id = $1", slot_id, *columns.values()
        )

    async def set_settings(self, **stored: Any) -> None:
        """Put settings in force, those too that the API would find too short for real life."""
        await self.execute("UPDATE setting SET stored = stored || $1", stored)

    async def jobs(self, *statuses: str) -> list[Any]:
        """Return the jobs, the oldest first: all, or those with one of the statuses."""
        rows = await self.fetch("SELECT * FROM job_history ORDER BY started_at")
        return [row for row in rows if not statuses or row["status"] in statuses]

    # Cameras

    def camera(
        self, number: int = 1, *, slot: str = SLOT, password: str = PASSWORD, **habits: Any
    ) -> Camera:
        url = f"{self.url}/api/ingest/{slot}?response=image"
        return Camera(url, password, booth=Booth(number), habits=Habits(**habits))

    async def shoot(self, count: int = 1, **habits: Any) -> list[Shot]:
        """Let so many cameras send a photo each at the same time."""
        cameras = [self.camera(number, **habits) for number in range(1, count + 1)]
        return list(await asyncio.gather(*(camera.take(photo()) for camera in cameras)))

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside the test until the party is over."""
        task = asyncio.create_task(work)
        self.background.append(task)
        return task

    async def get(self, path: str, **options: Any) -> HTTPResponse:
        return await AsyncHTTPClient().fetch(
            f"{self.url}{path}", raise_error=False, request_timeout=30, **options
        )

    # Afterwards

    def orders(self) -> list[SeenRequest]:
        """Return what the provider was asked to do; questions after its health left out."""
        return [seen for seen in self.provider.log.requests if seen.method == "POST"]

    async def asked(self, count: int, seconds: float = 30) -> None:
        """Wait until the provider has been sent so many whole requests."""

        def whole() -> bool:
            return len([seen for seen in self.orders() if seen.body_ms is not None]) >= count

        await eventually(whole, seconds=seconds)

    async def nothing_left(self) -> None:
        """Fail unless every photo has ended: in rows, files, places, tasks and open files."""
        await assert_nothing_left(self.fetch, self.media_root)
        await eventually(lambda: self.provider.log.in_flight == 0)
        await eventually(self._idle)
        await eventually(lambda: self._open_files() == [])

    async def _idle(self) -> bool:
        text = (await self.get("/metrics")).body.decode()
        values = [
            float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(GAUGES)
        ]
        assert values, "there are no gauges of work in flight"
        return not any(values)

    def _open_files(self) -> Sequence[str]:
        """Return what the daemon's processes hold open in the media tree, their lock aside."""
        process = self.daemon.process
        assert process is not None
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        found = []
        for pid in (process.pid, *children):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    found.append(os.readlink(descriptor))
        tree = f"{self.daemon.media_root}/"
        return [path for path in found if path.startswith(tree) and not path.endswith("/.in-use")]


def same_proportions(shot: Shot, sent: Photo) -> bool:
    """Return whether the picture that came back has the photo's proportions."""
    assert shot.picture is not None
    with Image.open(BytesIO(shot.picture)) as back, Image.open(BytesIO(sent.data)) as there:
        return abs(back.width / back.height - there.width / there.height) < 0.05
