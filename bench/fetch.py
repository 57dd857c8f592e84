"""A client that reads one answer after the other on each connection, and does nothing with it.

Reads one JSON document from stdin, asks for ``seconds``, prints what came.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from dataclasses import dataclass, field

BUFFER_BYTES = 1 << 20
PATIENCE_SECONDS = 60.0


@dataclass
class Fetched:
    """What one connection has read."""

    answers: int = 0
    bytes: int = 0
    faults: list[str] = field(default_factory=list)


def fetch(port: int, request: bytes, until: float, fetched: Fetched) -> None:
    """Ask again and again until it is time; whatever is no whole good answer is a fault."""
    buffer = bytearray(BUFFER_BYTES)
    view = memoryview(buffer)
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < until:
            connection.sendall(request)
            size = 0
            while b"\r\n\r\n" not in buffer[:size]:
                count = connection.recv_into(view[size:])
                if not count:
                    fetched.faults.append("closed before an answer")
                    return
                size += count
            head, _, body = bytes(buffer[:size]).partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines[1:])
            }
            if " 200 " not in lines[0]:
                fetched.faults.append(lines[0])
                return
            left = int(headers["content-length"]) - len(body)
            while left > 0:
                count = connection.recv_into(view, min(left, BUFFER_BYTES))
                if not count:
                    fetched.faults.append("closed within an answer")
                    return
                left -= count
            fetched.answers += 1
            fetched.bytes += int(headers["content-length"])


def main() -> None:
    """Do what is asked on stdin."""
    order = json.load(sys.stdin)
    request = f"GET {order['path']} HTTP/1.1\r\nHost: {order['host']}\r\n\r\n".encode()
    all_fetched = [Fetched() for _ in range(order["connections"])]
    begun = time.monotonic()
    until = begun + order["seconds"]
    threads = [
        threading.Thread(target=fetch, args=(order["port"], request, until, fetched))
        for fetched in all_fetched
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(
        json.dumps(
            {
                "answers": sum(fetched.answers for fetched in all_fetched),
                "bytes": sum(fetched.bytes for fetched in all_fetched),
                "seconds": time.monotonic() - begun,
                "faults": [fault for fetched in all_fetched for fault in fetched.faults],
            }
        )
    )


if __name__ == "__main__":
    main()
