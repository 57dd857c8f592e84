"""A whole daemon in the test's own loop, and an administrator who talks to it through the port."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import bcrypt
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httputil import HTTPHeaders

from photobooth_daemon.app.build import App, build
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.intake import IntakeConfig
from photobooth_daemon.config.start_up import (
    AlertsConfig,
    BackupConfig,
    Config,
    MediaConfig,
    ServerConfig,
)
from photobooth_daemon.database.pool import Database
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.web.incoming.server import Server
from tests.support.fakes import SwiftClock
from tests.support.sample_pictures import jpeg

PASSWORDS = {"serg": "serg's password", "igor": "igor's password"}
CAMERA_PASSWORD = "for the cameras"
CHEAP_ROUNDS = 4
BOUNDARY = "photobooth-test-boundary"
KEY = "AIza-test-key-0123456789"


@dataclass
class Reply:
    """An HTTP answer."""

    status: int
    headers: HTTPHeaders
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code; fails if the answer is no problem document."""
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        problem = self.json()
        assert {"type", "title", "status", "code", "detail"} <= problem.keys()
        assert problem["status"] == self.status
        return str(problem["code"])

    @property
    def pointers(self) -> list[str]:
        """Where a 422's faults are, sorted."""
        assert self.code == "validation_failed", self.body
        assert all(fault["message"] for fault in self.json()["errors"])
        return sorted(fault["pointer"] for fault in self.json()["errors"])

    def cookies(self) -> dict[str, str]:
        """The cookies that the answer sets, each as its whole header."""
        return {text.partition("=")[0]: text for text in self.headers.get_list("Set-Cookie")}


@dataclass
class Office:
    """The daemon, and the tokens of who has logged in."""

    app: App
    database: Database
    server: Server
    port: int
    media_root: Path
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def open(
        cls,
        database: Database,
        directory: Path,
        clock: Clock | None = None,
        gemini_url: str = "http://127.0.0.1:9",
        more_providers: Mapping[str, ProviderConfig] | None = None,
        intake: IntakeConfig | None = None,
        alerts: AlertsConfig | None = None,
        hash_rounds: int = CHEAP_ROUNDS,
        **server: Any,
    ) -> Office:
        config = Config(
            server=ServerConfig(
                jwt_key_file=directory / "jwt.key",
                **{"trusted_proxies": ("127.0.0.1",), "public_url": None, **server},
            ),
            media=MediaConfig(root=directory / "media"),
            providers={
                "gemini": ProviderConfig("gemini", gemini_url, KEY, "config"),
                **(more_providers or {}),
            },
            intake=intake or IntakeConfig(status_port=9),
            alerts=alerts or AlertsConfig(),
            backup=BackupConfig(directory=directory / "backups"),
        )
        app = await build(config, database, clock=clock or SwiftClock(), hash_rounds=hash_rounds)
        http = Server(app.web)
        http.listen(0, "127.0.0.1")
        port = next(iter(http._sockets.values())).getsockname()[1]
        office = cls(app, database, http, port, directory / "media")
        await office.give_passwords()
        return office

    async def close(self) -> None:
        self.server.stop()
        await self.app.feed.close()
        await self.app.in_flight.drain(5)
        await self.server.close_all_connections()
        await self.app.close()

    async def give_passwords(self) -> None:
        """Let both administrators in, by hashes that are cheap to check."""
        async with self.database.connection() as connection:
            for name, password in PASSWORDS.items():
                await connection.execute(
                    "UPDATE admin SET password_hash = $2 WHERE username = $1", name, cheap(password)
                )

    async def login(
        self, username: str, password: str | None = None, address: str = "192.0.2.1"
    ) -> Reply:
        return await self.call(
            "POST",
            "/api/login",
            {
                "username": username,
                "password": PASSWORDS.get(username, "") if password is None else password,
            },
            token=None,
            X_Forwarded_For=address,
        )

    async def token(self, username: str = "serg") -> str:
        """The administrator's token; logs in where that has not been done."""
        if username not in self.tokens:
            reply = await self.login(username)
            assert reply.status == 200, reply.body
            self.tokens[username] = reply.json()["token"]
        return self.tokens[username]

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_: str = "serg",
        token: str | None = "",
        raw: bytes | None = None,
        **headers: str,
    ) -> Reply:
        """Make a call as an administrator; ``token=None`` sends none, ``raw`` a body as it is."""
        if token == "":
            token = await self.token(as_)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        if body is not None:
            raw = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        return await self.send(method, path, raw, given)

    async def send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        """Make a request of exactly these headers."""
        request = HTTPRequest(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            headers=HTTPHeaders(headers),
            body=body,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            request_timeout=30,
            decompress_response=False,
        )
        response = await AsyncHTTPClient().fetch(request, raise_error=False)
        if response.error is not None and response.code == 599:
            raise response.error
        return Reply(response.code, response.headers, response.body or b"")

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.call("GET", path, **options)

    async def put(self, path: str, body: Any, **options: Any) -> Reply:
        return await self.call("PUT", path, body, **options)

    async def post_form(self, path: str, parts: Mapping[str, bytes | str], **options: Any) -> Reply:
        """Post a multipart form; bytes are files, text is a field."""
        return await self.call(
            "POST",
            path,
            raw=form(parts),
            Content_Type=f"multipart/form-data; boundary={BOUNDARY}",
            **options,
        )

    async def photograph(
        self, slot_id: str = "slot-001", photo: bytes | None = None, **options: Any
    ) -> Reply:
        """Send a photo as a camera does that has the password in its form."""
        await self.execute(
            "UPDATE setting SET ingest_password_hash = $1"
            " WHERE ingest_password_hash IS DISTINCT FROM $1",
            CAMERA_HASH,
        )
        parts = {"fileToUpload": jpeg() if photo is None else photo, "password": CAMERA_PASSWORD}
        return await self.post_form(f"/api/ingest/{slot_id}", parts, token=None, **options)

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        async with self.database.connection() as connection:
            return list(await connection.fetch(sql, *arguments))

    async def execute(self, sql: str, *arguments: Any) -> None:
        async with self.database.connection() as connection:
            await connection.execute(sql, *arguments)


def form(parts: Mapping[str, bytes | str]) -> bytes:
    """A multipart body; bytes are files, text is a field."""
    body = b""
    for name, value in parts.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += '; filename="picture.jpg"\r\nContent-Type: image/jpeg'
        data = value if isinstance(value, bytes) else value.encode()
        body += head.encode() + b"\r\n\r\n" + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


@cache
def cheap(password: str) -> str:
    """A hash that costs a millisecond to check; the same one of the same password."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(CHEAP_ROUNDS)).decode()


CAMERA_HASH = cheap(CAMERA_PASSWORD)
