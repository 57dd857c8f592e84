"""A bucket that misbehaves as it is told: what a real store does too seldom to wait for."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

from photobooth_daemon.config.media import S3Config


@dataclass
class FakeBucket:
    """Knows objects by their keys, and no signatures; ``faults`` are for the next requests."""

    objects: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    always: str = ""
    clock_ahead_seconds: float | None = None
    """By how much its clock is wrong; without one, all objects are of one day."""
    listing: bytes | None = None
    """What is said instead of any list."""
    told_size: str = ""
    """What is said instead of any object's size."""
    knows_ranges: bool = True
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    endpoint: str = ""
    removes_many: bool = True
    """Some stores know DELETE only."""
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    """What "late" requests wait for, whether or not somebody still waits for their answers."""
    at_work: int = 0
    """How many requests are not answered yet."""
    _runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/bucket/{key:.*}", self._counted)
        app.router.add_route("*", "/bucket", self._counted)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.endpoint = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def config(self, *, timeout_seconds: float = 1.0) -> S3Config:
        return S3Config(self.endpoint, "bucket", "key", "secret", timeout_seconds=timeout_seconds)

    async def _counted(self, request: web.Request) -> web.StreamResponse:
        self.at_work += 1
        try:
            return await self._answer(request)
        finally:
            self.at_work -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info.get("key", "")
        body = await request.read()
        self.requests.append((request.method, key))
        self.headers.append(dict(request.headers))
        fault = self.faults.pop(0) if self.faults else self.always
        if fault == "slow":
            await asyncio.sleep(5)
        elif fault == "late":
            await self.goes_on.wait()
        elif fault == "hang up":
            assert request.transport is not None
            request.transport.abort()
        elif fault == "skew":
            late = {"Date": "Sat, 28 Nov 2020 12:00:00 GMT"}
            return _refused(403, "RequestTimeTooSkewed", headers=late)
        elif fault and fault not in ("short", "keeps"):
            status, code = fault.split()
            return _refused(int(status), code)
        if request.method == "PUT":
            self.objects[key] = body
            return web.Response()
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return web.Response(status=204)
        if request.method == "POST" and not self.removes_many:
            return _refused(501, "NotImplemented")
        if request.method == "POST":
            return self._delete(body, keeps=fault == "keeps")
        if not key:
            return self._list(request)
        return await self._get(request, key, short=fault == "short")

    async def _get(self, request: web.Request, key: str, *, short: bool) -> web.StreamResponse:
        if key not in self.objects:
            return _refused(404, "NoSuchKey")
        data = self.objects[key]
        asked = None
        if self.knows_ranges:
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        headers = {}
        if asked:
            first, last = int(asked[1]), int(asked[2])
            headers["Content-Range"] = f"bytes {first}-{last}/{self.told_size or len(data)}"
            data = data[first : last + 1]
        answer = web.StreamResponse(status=206 if asked else 200, headers=headers)
        answer.content_length = len(data)
        await answer.prepare(request)
        if short:
            await answer.write(data[: len(data) // 2])
            # What was written has to be on its way before the line is cut.
            await asyncio.sleep(0.05)
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(data)
        return answer

    def _list(self, request: web.Request) -> web.Response:
        if self.listing is not None:
            return web.Response(body=self.listing, content_type="application/xml")
        prefix, most = request.query.get("prefix", ""), int(request.query["max-keys"])
        after = request.query.get("continuation-token", "")
        keys = sorted(k for k in self.objects if k.startswith(prefix) and k > after)
        changed, headers = datetime(2026, 11, 28, 12, tzinfo=UTC), None
        if self.clock_ahead_seconds is not None:
            changed = datetime.now(UTC) + timedelta(seconds=self.clock_ahead_seconds)
            headers = {"Date": format_datetime(changed, usegmt=True)}
        items = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(self.objects[key])}</Size>"
            f"<LastModified>{changed:%Y-%m-%dT%H:%M:%S}.000Z</LastModified></Contents>"
            for key in keys[:most]
        )
        more = len(keys) > most
        token = f"<NextContinuationToken>{keys[most - 1]}</NextContinuationToken>" if more else ""
        truncated = str(more).lower()
        return _xml(f"<R><IsTruncated>{truncated}</IsTruncated>{token}{items}</R>", headers=headers)

    def _delete(self, body: bytes, *, keeps: bool) -> web.Response:
        keys = re.findall(r"<Key>([^<]*)</Key>", body.decode())
        if keeps:
            errors = (f"<Error><Key>{key}</Key><Code>AccessDenied</Code></Error>" for key in keys)
            return _xml(f"<R>{''.join(errors)}</R>")
        for key in keys:
            self.objects.pop(key, None)
        return _xml("<R/>")


def _xml(text: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, content_type="application/xml", status=status, headers=headers)


def _refused(status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    return _xml(f"<Error><Code>{code}</Code></Error>", status, headers)
