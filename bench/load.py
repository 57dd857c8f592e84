"""Cameras, as many at once as asked for, costing as little as they can themselves.

Reads one JSON document from stdin, sends photos until ``photos`` are answered, and
prints what became of each. Like a booth, each photo has its own connection and asks
before it sends its body.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Any

BOUNDARY = "------------090306000104030805010400"
PATIENCE_SECONDS = 120.0
WORD_SECONDS = 1.0


def form(photo: bytes, fields: dict[str, str]) -> bytes:
    """Return a body in DSLR Remote Pro's order: fields, then the photo."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="fileToUpload"; '
        'filename="IMG_0001.JPG"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    return "".join([*parts, head]).encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


async def exchange(port: int, head: bytes, body: memoryview) -> dict[str, Any]:
    """Send one request and read its whole answer."""
    loop = asyncio.get_running_loop()
    begun = time.monotonic()
    sending = None
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, head)
        answer = b""
        if body:
            answer = await _word(connection)
            if not answer or answer.startswith(b"HTTP/1.1 100"):
                answer = answer.partition(b"\r\n\r\n")[2]
                sending = asyncio.ensure_future(loop.sock_sendall(connection, body))
        try:
            headers, length = await _answer(connection, answer)
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
    seconds = time.monotonic() - begun
    return {"status": int(headers.split(b" ", 2)[1]), "seconds": seconds, "bytes": length}


async def _word(connection: socket.socket) -> bytes:
    """Wait for a word about the headers for as long as DSLR Remote Pro does."""
    try:
        async with asyncio.timeout(WORD_SECONDS):
            return await asyncio.get_running_loop().sock_recv(connection, 65536)
    except TimeoutError:
        return b""


async def _answer(connection: socket.socket, answer: bytes) -> tuple[bytes, int]:
    """Return the answer's headers and the length of its body, all of which was received."""
    loop = asyncio.get_running_loop()
    while b"\r\n\r\n" not in answer or answer.startswith(b"HTTP/1.1 100"):
        if answer.startswith(b"HTTP/1.1 100") and b"\r\n\r\n" in answer:
            answer = answer.partition(b"\r\n\r\n")[2]
            continue
        piece = await loop.sock_recv(connection, 65536)
        if not piece:
            raise ConnectionError("closed without an answer")
        answer += piece
    headers, _, rest = answer.partition(b"\r\n\r\n")
    length = _length(headers)
    got = len(rest)
    buffer = bytearray(1 << 18)
    while got < length:
        received = await loop.sock_recv_into(connection, buffer)
        if not received:
            raise ConnectionError("closed in the middle of the answer")
        got += received
    return headers, length


async def run(order: dict[str, Any], photo: bytes | None) -> dict[str, Any]:
    """Do what the order says and return every outcome."""
    body = b""
    head = " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if photo is not None:
        body = form(photo, order.get("fields", {}))
        head += (
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n"
        )
    starts = cycle(f"{order['method']} {path}{head}\r\n".encode() for path in order["paths"])
    view = memoryview(body)
    left = order["photos"]
    outcomes: list[dict[str, Any]] = []

    async def camera() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    outcomes.append(await exchange(order["port"], next(starts), view))
            except (OSError, TimeoutError) as error:
                outcomes.append({"status": 0, "error": type(error).__name__, "seconds": 0.0})

    begun = time.monotonic()
    await asyncio.gather(*(camera() for _ in range(order["at_once"])))
    return {"wall_seconds": time.monotonic() - begun, "outcomes": outcomes}


def _length(headers: bytes) -> int:
    for line in headers.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    given = json.load(sys.stdin)
    sent = Path(given["photo"]).read_bytes() if given.get("photo") else None
    print(json.dumps(asyncio.run(run(given, sent))))
