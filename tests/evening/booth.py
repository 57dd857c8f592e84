"""A quick start in a process of its own, and who uses it over HTTP: cameras, a studio, guests."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp

START_SECONDS = 120
BOUNDARY = "an-evening-of-photos"


class Evening:
    """The running booth; ``async with`` it."""

    def __init__(self, directory: Path, *, port: int = 0) -> None:
        self.directory = directory
        self._port = port
        self.state = directory / "booth"
        self.base_url = ""
        self.fake_url = ""
        self.login: dict[str, str] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._headers: dict[str, str] = {}
        self._password = ""

    async def __aenter__(self) -> Self:
        shutil.rmtree(self.state, ignore_errors=True)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._log = (self.directory / "quickstart.log").open("wb")
        await self._start()
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=90))
        credentials = await self._credentials()
        self.base_url = credentials["base_url"]
        self._password = credentials["ingest_password"]
        config = tomllib.loads((self.state / "photobooth.toml").read_text("utf-8"))
        self.fake_url = config["providers"]["gemini"]["base_url"]
        self.login = {"username": "serg", "password": credentials["admins"]["serg"]}
        session = await self.call("POST", "/api/login", self.login)
        self._headers = {"Authorization": f"Bearer {session['token']}"}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        await self._stop()
        self._log.close()

    async def restart(self) -> None:
        """Stop everything and start it again, at the same address; return once it is there."""
        await self._stop()
        await self._start()
        async with asyncio.timeout(START_SECONDS):
            while not await self._is_ready():  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def _start(self) -> None:
        command = [sys.executable, "-m", "photobooth_daemon.cli", "quickstart"]
        self._process = await asyncio.create_subprocess_exec(
            *command, "--state-dir", str(self.state), "--port", str(self._port),
            stdout=self._log, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    async def _stop(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), 90)

    async def _is_ready(self) -> bool:
        try:
            patience = aiohttp.ClientTimeout(total=5)
            async with self._http.get(f"{self.base_url}/readyz", timeout=patience) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _credentials(self) -> Any:
        path = self.state / "credentials.json"
        async with asyncio.timeout(START_SECONDS):
            while not path.exists():
                assert self._process is not None
                if self._process.returncode is not None:
                    raise SystemExit(f"The quick start ended: see {self._log.name}.")
                await asyncio.sleep(0.2)
        return json.loads(path.read_text("utf-8"))

    async def call(
        self, method: str, path: str, body: Any = None, *, expect: int | None = None, **headers: str
    ) -> Any:
        """Make the studio's call and return the answer's JSON, or its bytes."""
        given = {**self._headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        async with self._http.request(
            method, self.base_url + path, json=body, headers=given
        ) as answer:
            data = await answer.read()
            if answer.status != expect if expect is not None else answer.status >= 300:
                raise SystemExit(f"{method} {path} answered {answer.status}: {data[:300]!r}")
            is_json = "json" in answer.headers.get("Content-Type", "")
            return json.loads(data) if data and is_json else data

    async def template(self, label: str, picture: bytes) -> Any:
        """Register a template picture and return its id."""
        form = aiohttp.FormData()
        form.add_field("label", label)
        form.add_field("file", picture, filename="logo.png", content_type="image/png")
        url = f"{self.base_url}/api/template-media/register"
        async with self._http.post(url, data=form, headers=self._headers) as answer:
            assert answer.status == 201, await answer.text()
            return (await answer.json())["media_id"]

    async def visit(self, link: str, form: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Open a page as a guest does, who has no account; with ``form`` send that."""
        method = "GET" if form is None else "POST"
        async with self._http.request(method, link, data=form, allow_redirects=False) as answer:
            return answer.status, await answer.read()

    async def photograph(self, slot_id: str, photo: bytes) -> tuple[int, Any]:
        """Send a photo as a camera does, and return the answer's status and JSON."""
        form = aiohttp.FormData()
        form.add_field("password", self._password)
        form.add_field("fileToUpload", photo, filename="IMG_0001.JPG", content_type="image/jpeg")
        url = f"{self.base_url}/api/ingest/{slot_id}?response=json"
        async with self._http.post(url, data=form) as answer:
            return answer.status, await answer.json(content_type=None)

    async def provider(self, behaviour: str | None) -> None:
        """Have the provider do this with every photo; None: work again."""
        url = f"{self.fake_url}/_script"
        async with self._http.delete(url):
            pass
        if behaviour is not None:
            async with self._http.post(url, json={"always": {"do": behaviour}}) as answer:
                assert answer.status == 200, await answer.text()
