"""A second service to compare with: takes the same form and sends the camera's file as it is.

    python -m bench.standin PROVIDER_URL DATABASE_URL FOLDER

prints its port and serves until it is stopped. It does what a plain service of this kind
does, and no more: the whole form in memory, one SHA-256, the photo as base64 in JSON, one
request to the provider, the picture on disk, a row before and after. Nothing is decoded,
checked, retried, queued or bounded.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from bench.rig import PASSWORD

BODY_MAX_BYTES = 64 << 20
MODEL = "gemini-nano-banana-2.1"


class StandInHandler(RequestHandler):
    """One photo in, one picture out."""

    def initialize(self, http: aiohttp.ClientSession, pool: asyncpg.Pool, folder: Path) -> None:
        self._http = http
        self._pool = pool
        self._folder = folder

    async def post(self, slot_id: str) -> None:
        if self.get_body_argument("password") != PASSWORD:
            raise HTTPError(401)
        photo = self.request.files["fileToUpload"][0].body
        job_id, digest = uuid4(), hashlib.sha256(photo).hexdigest()
        await self._pool.execute(
            "INSERT INTO standin_job VALUES ($1, $2, 'pending', $3, $4)",
            *(job_id, slot_id, len(photo), digest),
        )
        picture = await self._ask(photo)
        await asyncio.to_thread((self._folder / f"{job_id}.jpg").write_bytes, picture)
        await self._pool.execute("UPDATE standin_job SET status = 'done' WHERE id = $1", job_id)
        self.set_header("Content-Type", "image/jpeg")
        self.write(picture)

    async def _ask(self, photo: bytes) -> bytes:
        image = {"mimeType": "image/jpeg", "data": base64.b64encode(photo).decode()}
        parts = [{"inlineData": image}, {"text": "Nothing at all."}]
        question = {"contents": [{"role": "user", "parts": parts}]}
        path = f"/v1beta/models/{MODEL}:generateContent"
        async with self._http.post(path, data=json.dumps(question)) as response:
            answer: dict[str, Any] = await response.json()
        parts = answer["candidates"][0]["content"]["parts"]
        return base64.b64decode(next(p["inlineData"]["data"] for p in parts if "inlineData" in p))


async def serve(provider_url: str, database_url: str, folder: Path) -> None:
    headers = {"x-goog-api-key": "none", "Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        asyncpg.create_pool(database_url, min_size=1, max_size=8) as pool,
        aiohttp.ClientSession(provider_url, headers=headers, connector=connector) as http,
    ):
        await pool.execute(
            "CREATE TABLE IF NOT EXISTS standin_job"
            " (id uuid PRIMARY KEY, slot_id text, status text, size_bytes integer, sha256 text)"
        )
        parts = {"http": http, "pool": pool, "folder": folder}
        application = Application(
            [(r"/api/ingest/([\w-]+)", StandInHandler, parts)], log_function=lambda handler: None
        )
        sockets = bind_sockets(0, "127.0.0.1", backlog=1024)
        server = HTTPServer(
            application, max_body_size=BODY_MAX_BYTES, max_buffer_size=BODY_MAX_BYTES
        )
        server.add_sockets(sockets)
        print(sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    kept = Path(sys.argv[3])
    kept.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(sys.argv[1], sys.argv[2], kept))
