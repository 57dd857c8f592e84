"""A hall with guests: an event whose gallery is open, and what their browsers are told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from photobooth_daemon.repositories.jobs import JOB_COLUMNS
from tests.support.fakes import eventually
from tests.support.office import Office, Reply, cheap
from tests.web.test_events import EVENTS, LOOK, SLOT, planned

FORM = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"


@dataclass
class Hall:
    """A daemon with an event whose gallery is open, and how a guest asks for it."""

    office: Office
    event: dict[str, Any]
    cookie: str = ""

    @classmethod
    async def open(cls, office: Office, *times: float, **config: Any) -> Hall:
        await office.put(SLOT, LOOK, If_Match="*")
        gallery = {"enabled": True, **config.pop("gallery", {})}
        hall = cls(office, await planned(office, *times, gallery=gallery, **config))
        if "pin" in gallery:
            quick = "UPDATE event SET gallery_pin_hash = $1 WHERE event_id = $2"
            await office.execute(quick, cheap(gallery["pin"]), UUID(hall.event["event_id"]))
        return hall

    @property
    def path(self) -> str:
        return "/g/" + str(self.event["gallery"]["link"]).rpartition("/g/")[2]

    async def get(self, tail: str = "", **headers: str) -> Reply:
        if self.cookie:
            headers["Cookie"] = self.cookie
        given = {"Accept_Language": "en", **headers}
        return await self.office.get(self.path + tail, token=None, **given)

    async def type_pin(self, pin: str, body: str = "", **headers: str) -> Reply:
        given = {"Content_Type": FORM, "X_Forwarded_For": "192.0.2.5", **headers}
        raw = (body or f"pin={pin}").encode()
        return await self.office.call("POST", f"{self.path}/pin", raw=raw, token=None, **given)

    async def pictures(self, query: str = "") -> list[str]:
        reply = await self.get(f"/pictures{query}")
        assert reply.status == 200, reply.body
        return [item["job_id"] for item in reply.json()["items"]]

    async def shoot(self, **options: Any) -> str:
        answer = await self.office.photograph(**options)
        assert answer.status == 200, answer.body
        return str(answer.json()["job_id"])

    async def change(self, **config: Any) -> None:
        path = f"{EVENTS}/{self.event['event_id']}"
        assert (await self.office.put(path, config, If_Match="*")).status == 200

    async def hide(self, job_id: str, hidden: bool = True) -> None:
        path = f"/api/jobs/{job_id}/visibility"
        assert (await self.office.put(path, {"hidden": hidden})).status == 204

    async def copy_job(self, original: str, count: int, **columns: Any) -> None:
        """Let the event have so many more pictures, each a second older than the one before."""
        names = [name.strip() for name in JOB_COLUMNS.split(",")]
        taken = {"job_id": "gen_random_uuid()", "started_at": "started_at - n * interval '1 s'"}
        values = ", ".join({**taken, **columns}.get(name, name) for name in names)
        await self.office.execute(
            f"INSERT INTO job_history ({', '.join(names)})"
            f" SELECT {values} FROM job_history, generate_series(1, {count}) AS n"
            " WHERE job_id = $1",
            UUID(original),
        )


@dataclass
class Stream:
    """What a guest's browser is told."""

    told: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False

    async def tells(self, kind: str, job_id: str, *, seconds: float = 2.0) -> None:
        begun = time.monotonic()
        await eventually(lambda: (kind, job_id) in self.told, seconds=10)
        assert time.monotonic() - begun < seconds


@asynccontextmanager
async def following(hall: Hall, tail: str = "/live", **headers: str) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", hall.office.port)
    if hall.cookie:
        headers["Cookie"] = hall.cookie
    lines = [f"GET {hall.path}{tail} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert " 200 " in head.partition("\r\n")[0], head
    assert "text/event-stream" in head
    stream = Stream()

    async def read() -> None:
        kind = ""
        while line := await reader.readline():
            text = line.decode().strip()
            if text == "0":  # The chunk that ends the answer; the connection lives on.
                stream.ended = True
            if text.startswith("event: "):
                kind = text.removeprefix("event: ")
            if text.startswith("data: "):
                job = json.loads(text.removeprefix("data: ")).get("job_id", "")
                stream.told.append((kind, job))

    task = asyncio.create_task(read())
    try:
        yield stream
    finally:
        task.cancel()
        writer.close()
