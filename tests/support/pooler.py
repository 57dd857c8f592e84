"""A pooler in transaction mode, as far as its clients can tell: sessions share servers."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_STARTUP = struct.Struct("!ii")
_HEAD = struct.Struct("!ci")


class FakePooler:
    """Lends each client a server connection for as long as its transaction lasts."""

    def __init__(self, socket_path: str, database: str, user: str) -> None:
        self._socket_path = socket_path
        parameters = b"".join(
            word.encode() + b"\0" for word in ("user", user, "database", database, "")
        )
        self._startup = _STARTUP.pack(8 + len(parameters), 196608) + parameters
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._greeting = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it leaves."""
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length, code = _STARTUP.unpack(await reader.readexactly(8))
        if code == 80877103:  # it asks for TLS
            writer.write(b"N")
            length, code = _STARTUP.unpack(await reader.readexactly(8))
        await reader.readexactly(length - 8)
        self._idle.append(await self._connect())
        # The key by which a client would cancel is the pooler's own.
        key = _HEAD.pack(b"K", 12) + os.urandom(8)
        writer.write(self._greeting + key + _HEAD.pack(b"Z", 5) + b"I")
        reading = asyncio.create_task(_message(reader))
        try:
            while (await asyncio.shield(reading))[0] != b"X":
                server = self._idle.pop()
                reading = await self._transaction(reading, reader, writer, *server)
                self._idle.append(server)
        finally:
            reading.cancel()

    async def _transaction(
        self,
        reading: asyncio.Task[tuple[bytes, bytes]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
    ) -> asyncio.Task[tuple[bytes, bytes]]:
        """Pass messages on in both directions until the server is in no transaction."""

        async def answer() -> None:
            while True:
                _, message = await _message(server_reader)
                writer.write(message)
                if message.startswith(b"Z") and message.endswith(b"I"):
                    return

        answering = asyncio.create_task(answer())
        while not answering.done():
            await asyncio.wait({reading, answering}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                server_writer.write(reading.result()[1])
                reading = asyncio.create_task(_message(reader))
        return reading

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(self._socket_path)
        writer.write(self._startup)
        greeting = b""
        while True:
            kind, message = await _message(reader)
            if kind == b"Z":
                self._greeting = greeting
                return reader, writer
            if kind != b"K":
                greeting += message


@asynccontextmanager
async def fake_pooler(database_url: str) -> AsyncIterator[str]:
    """Give the address of a pooler in front of a database of the tests' server."""
    before, _, rest = database_url.partition("?host=")
    directory = rest.partition("&")[0].replace("%2F", "/")
    name, user = before.rpartition("/")[2], before.partition("//")[2].partition("@")[0]
    pooler = FakePooler(f"{directory}/.s.PGSQL.5432", name, user)
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"postgresql://{user}@127.0.0.1:{port}/{name}"
    finally:
        server.close()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    kind, length = _HEAD.unpack(head)
    return kind, head + await reader.readexactly(length - 4)
