"""The floor under every figure: a bare Tornado handler that streams the same body to disk.

    python -m bench.floor DIRECTORY

prints its port and serves until it is stopped.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, StaticFileHandler, stream_request_body

BODY_MAX_BYTES = 64 << 20


@stream_request_body
class FloorHandler(RequestHandler):
    """Writes what comes to a file, answers, removes the file: nothing else."""

    def initialize(self, folder: Path) -> None:
        self._path = folder / str(uuid4())
        self._file: BinaryIO | None = None

    def prepare(self) -> None:
        self._file = self._path.open("wb")

    def data_received(self, chunk: bytes) -> None:
        assert self._file is not None
        self._file.write(chunk)

    def post(self) -> None:
        self.write({"status": "done"})

    def on_finish(self) -> None:
        self._drop()

    def on_connection_close(self) -> None:
        self._drop()

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)


async def serve(folder: Path) -> None:
    application = Application(
        [
            (r"/upload", FloorHandler, {"folder": folder}),
            (r"/static/(.*)", StaticFileHandler, {"path": str(folder)}),
        ],
        log_function=lambda handler: None,
    )
    sockets = bind_sockets(0, "127.0.0.1", backlog=1024)
    HTTPServer(application, max_body_size=BODY_MAX_BYTES).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
