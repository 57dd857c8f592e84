"""Stands in the daemon's place for the intake: notes what is posted, answers as it is told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

PICTURE = b"\xff\xd8\xff\xe0 a picture of photo "


@dataclass(frozen=True)
class Posted:
    """One photo that arrived."""

    slot: str
    key: str
    password: str
    sha256: str
    form: bytes


Answer = tuple[int, dict[str, str], bytes]


def picture_of(posted: Posted) -> Answer:
    """Return the answer that a photo usually gets."""
    headers = {"Content-Type": "image/jpeg", "X-Job-ID": posted.key[:8]}
    return 200, headers, PICTURE + posted.sha256.encode()


def problem(status: int, code: str, more: dict[str, Any] | None = None, **headers: str) -> Answer:
    """Return a problem document; ``more`` are members of it."""
    body = json.dumps({"code": code, "detail": f"so says {code}", **(more or {})}).encode()
    return status, {"Content-Type": "application/problem+json", **headers}, body


class FakeIngest:
    """``answers`` are given one after the other, then ``always``."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.answers: list[Answer] = []
        self.always: Callable[[Posted], Answer] = picture_of
        self.may_answer = threading.Event()
        self.may_answer.set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posted = _posted(self.path, self.headers, body)
                fake.posted.append(posted)
                fake.may_answer.wait(30)
                answer = fake.answers.pop(0) if fake.answers else fake.always(posted)
                status, headers, data = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeIngest:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()


def _posted(path: str, headers: Any, body: bytes) -> Posted:
    boundary = re.search(r"boundary=([^;]+)", headers["Content-Type"])
    assert boundary is not None
    parts = body.split(b"--" + boundary[1].encode())
    (photo,) = [part for part in parts if b'name="fileToUpload"' in part]
    data = photo.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
    return Posted(
        slot=path.partition("?")[0].rpartition("/")[2],
        key=headers["Idempotency-Key"],
        password=headers["X-Ingest-Password"],
        sha256=sha256(data).hexdigest(),
        form=body,
    )
