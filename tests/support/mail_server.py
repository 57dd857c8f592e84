"""A mail server that keeps what it is sent, or refuses it."""

from __future__ import annotations

import asyncio


class MailServer:
    """Speaks just enough SMTP (RFC 5321) for a client that sends one message."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.refuse = False
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen, and return the server's URL."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"smtp://127.0.0.1:{port}"

    async def stop(self) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say("220 here")
        while line := await reader.readline():
            word = line.decode().split(" ")[0].strip().upper()
            if word == "DATA":
                say("354 go on")
                self.messages.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
                say("250 kept")
            elif word == "EHLO":
                say("250-here")
                say("250 AUTH PLAIN")
            elif word == "QUIT":
                say("221 bye")
                break
            elif word == "MAIL" and self.refuse:
                say("451 not now")
            else:
                say("250 ok")
        writer.close()
