"""A whole daemon in the test's own loop: real database, real files, a port, a fake provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tornado.httputil import HTTPHeaders

from photobooth_daemon.app.build import App, build
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.config.start_up import Config, MediaConfig, ServerConfig
from photobooth_daemon.database.pool import Database
from photobooth_daemon.media.keys import template_key
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from photobooth_daemon.web.incoming.server import Server
from tests.support.aftermath import assert_nothing_left
from tests.support.fakes import SwiftClock, eventually
from tests.support.office import cheap
from tests.support.quick_painter import QuickPainter
from tests.support.sample_pictures import jpeg

PASSWORD = "correct horse"
SLOT = "slot-001"
KEY = "AIza-test-key-0123456789"


@dataclass
class Answer:
    """An HTTP answer, read to its end. ``interim`` tells whether 100 Continue came before it."""

    status: int
    headers: HTTPHeaders
    body: bytes
    interim: bool = False

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json", self.headers
        return str(self.json()["code"])


@dataclass
class Booth:
    """The daemon with ``slot-001`` on the fake provider, and how to talk to it."""

    app: App
    database: Database
    provider: FakeProvider
    media_root: Path
    port: int
    server: Server
    boundary: str = "------------090306000104030805010400"
    connections: list[asyncio.StreamWriter] = field(default_factory=list)

    @classmethod
    async def open(
        cls,
        database: Database,
        directory: Path,
        clock: Clock | None = None,
        providers: Mapping[str, Mapping[str, Any]] | None = None,
        bucket: S3Config | None = None,
        hash_rounds: int = 4,
        read_also: str | None = None,
        **server: Any,
    ) -> Booth:
        """Open the daemon; ``providers`` are further ones, at the fake's address by default."""
        provider = FakeProvider(painter=QuickPainter())
        url = provider.start()
        config = Config(
            server=ServerConfig(jwt_key_file=directory / "jwt.key", **server),
            media=MediaConfig(directory / "media", "s3" if bucket else "files", read_also, bucket),
            providers={
                "gemini": ProviderConfig("gemini", url, KEY, "config"),
                **{
                    name: ProviderConfig(name, **{"base_url": url, "api_key": KEY, **given})
                    for name, given in (providers or {}).items()
                },
            },
        )
        app = await build(config, database, clock=clock or SwiftClock(), hash_rounds=hash_rounds)
        http = Server(app.web)
        http.listen(0, "127.0.0.1")
        port = next(iter(http._sockets.values())).getsockname()[1]
        booth = cls(app, database, provider, directory / "media", port, http)
        await booth.configure_password(PASSWORD)
        await booth.configure_slot(provider="gemini", operation="edit", params={"prompt": "smile"})
        return booth

    async def close(self) -> None:
        self.server.stop()
        await self.app.in_flight.drain(5)
        await self.server.close_all_connections()
        await self.app.close()
        await self.provider.stop()

    async def configure_password(self, password: str | None) -> None:
        stored = password and cheap(password)
        async with self.database.connection() as connection:
            await connection.execute("UPDATE setting SET ingest_password_hash = $1", stored)

    async def configure_settings(self, **stored: Any) -> None:
        async with self.database.connection() as connection:
            await connection.execute("UPDATE setting SET stored = $1", stored)

    async def configure_slot(self, slot_id: str = SLOT, **columns: Any) -> None:
        columns = {"enabled": True, **columns}
        names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
        async with self.database.connection() as connection:
            await connection.execute(
                f"UPDATE slot SET {names} WHERE slot_id = $1", slot_id, *columns.values()
            )

    async def bind_template(self, role: str, data: bytes | None) -> None:
        """Bind a PNG of 900x600 to ``slot-001``; without data its file has got lost."""
        media_id = uuid4()
        await self.fetch(
            "INSERT INTO template_media"
            " VALUES ($1, '', 'image/png', 900, 600, 1, '', now(), 'serg')",
            media_id,
        )
        await self.fetch(
            "INSERT INTO slot_template_media VALUES ($1, 0, $2, $3)", SLOT, role, media_id
        )
        if data is not None:
            path = self.media_root / str(template_key(media_id, "image/png"))
            path.parent.mkdir(parents=True)
            path.write_bytes(data)

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        async with self.database.connection() as connection:
            return list(await connection.fetch(sql, *arguments))

    async def the_job(self) -> Any:
        """The only job that there is."""
        (job,) = await self.fetch("SELECT * FROM job_history")
        return job

    async def count_jobs(self) -> int:
        """How many jobs there are."""
        (row,) = await self.fetch("SELECT count(*) AS n FROM job_history")
        return int(row["n"])

    def form(
        self,
        photo: bytes | None = None,
        *,
        password: str | None = PASSWORD,
        fields: Mapping[str, bytes] | None = None,
        name: str = "fileToUpload",
        password_last: bool = False,
    ) -> bytes:
        """A body as a booth sends it."""
        texts = {"time": b"1767859200", "hash": b"0f3c", **(fields or {})}
        parts = [self.part(key, value) for key, value in texts.items()]
        file = self.part(name, jpeg() if photo is None else photo, file_name="IMG_0042.JPG")
        secret = [] if password is None else [self.part("password", password.encode())]
        parts += [file, *secret] if password_last else [*secret, file]
        return b"".join(parts) + f"--{self.boundary}--\r\n".encode()

    def part(self, name: str, value: bytes, file_name: str | None = None) -> bytes:
        head = f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if file_name is not None:
            head += f'; filename="{file_name}"\r\nContent-Type: image/jpeg'
        return head.encode() + b"\r\n\r\n" + value + b"\r\n"

    async def post(
        self, body: bytes | None = None, path: str = f"/api/ingest/{SLOT}", **headers: str
    ) -> Answer:
        """Post a form, a photo with the right password by default."""
        given = {
            "Content-Type": f"multipart/form-data; boundary={self.boundary}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return await self.request("POST", path, self.form() if body is None else body, given)

    async def get(self, path: str, **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.request("GET", path, b"", given)

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make a request of exactly these headers, and Host and Content-Length, and no other."""
        reader, writer = await self.connect()
        given = {"Content-Length": str(len(body)), **(headers or {})} if body else headers or {}
        await self.send_head(writer, method, path, given)
        interim = given.get("Expect") is not None and await self.continued(reader)
        try:
            if interim or given.get("Expect") is None:
                writer.write(body)
                await writer.drain()
        except ConnectionError:
            pass
        return await self.answer(reader, writer, head=method == "HEAD", interim=interim)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 26)
        return reader, writer

    async def send_head(
        self, writer: asyncio.StreamWriter, method: str, path: str, headers: Mapping[str, str]
    ) -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        await writer.drain()

    async def continued(self, reader: asyncio.StreamReader) -> bool:
        """Whether the server asked for the body; the final answer is left unread if not."""
        first = await reader.readexactly(len("HTTP/1.1 100"))
        if first.endswith(b"100"):
            await reader.readuntil(b"\r\n\r\n")
            return True
        reader._buffer[:0] = first
        return False

    async def answer(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        head: bool = False,
        interim: bool = False,
    ) -> Answer:
        """Read one answer and close the connection."""
        start, _, lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").partition("\r\n")
        headers = HTTPHeaders.parse(lines)
        status = int(start.split()[1])
        body = b""
        if not head and status not in (204, 304):
            body = await reader.readexactly(int(headers["Content-Length"]))
        writer.close()
        return Answer(status, headers, body, interim)

    def files(self) -> list[str]:
        """Every file of the media tree, relative."""
        found = (path for path in self.media_root.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.media_root)) for path in found)

    async def nothing_left(self) -> None:
        """Fail unless every photo has ended and left nothing but its result."""
        await eventually(lambda: len(self.app.in_flight) == 0)
        assert self.app.gate.seats() == 0
        assert self.app.gate.figures().slots == {}
        assert self.app.gate.figures().providers == {}
        await assert_nothing_left(self.fetch, self.media_root)
        strays = [task.get_name() for task in asyncio.all_tasks() if "attempt" in task.get_name()]
        assert strays == []


def new_key() -> str:
    """An Idempotency-Key that nobody has used."""
    return str(uuid4())
