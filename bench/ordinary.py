"""A second service to compare with, as services of this kind are written: FastAPI and its company.

    python -m bench.ordinary PROVIDER_URL DATABASE_URL FOLDER [--one-client]

prints its port and serves until it is stopped (``pip install '.[peer]'``). It does what the
public service does that ours is compared with, step by step and with the same libraries, each
used in the ordinary way: FastAPI takes the form, a row is looked up and one written, the file is
hashed and copied in pieces of 1 MB, sent as base64 in JSON by a client that httpx opens for
the call, the answer's picture is written, and the rows are brought up to date. Unlike that
service it takes several photos of one slot at once, and keeps its log short. Nothing is decoded,
checked, retried, queued or bounded.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx
import uvicorn
from fastapi import FastAPI, Form, HTTPException, Response, UploadFile
from sqlalchemy import DateTime, ForeignKey, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from bench.rig import BOOTHS, PASSWORD

MODEL = "gemini-nano-banana-2.1"
KEY = {"x-goog-api-key": "none"}
CHUNK_BYTES = 1 << 20
KEPT = timedelta(hours=72)

log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """The tables, which have names of their own beside the daemon's."""


class SlotRow(Base):
    __tablename__ = "ordinary_slot"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    prompt: Mapped[str]


class JobRow(Base):
    __tablename__ = "ordinary_job"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    slot_id: Mapped[str] = mapped_column(ForeignKey(SlotRow.id), index=True)
    status: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    result_path: Mapped[str | None]


class MediaRow(Base):
    __tablename__ = "ordinary_media"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey(JobRow.id), index=True)
    path: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    cleaned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Service:
    """One photo in, one picture out."""

    def __init__(self, provider_url: str, database_url: str, folder: Path) -> None:
        self._url = f"{provider_url}/v1beta/models/{MODEL}:generateContent"
        self._folder = folder
        self._sessions = _sessions(database_url)
        self.client: httpx.AsyncClient | None = None
        """Asks the provider each time, if there is one; else each call has its own."""

    async def ingest(self, slot_id: str, upload: UploadFile) -> bytes:
        prompt = self._prompt_of(slot_id)
        job_id = uuid4().hex
        self._add(JobRow(id=job_id, slot_id=slot_id, status="pending", started_at=_now()))
        digest = await self._digest(upload)
        log.info("photo of slot %s, job %s, sha256 %s", slot_id, job_id, digest)
        photo = self._folder / "temp" / slot_id / job_id / "photo.jpg"
        await self._copy(upload, photo)
        media_id = self._add_media(job_id, photo)
        picture = await self._ask(photo.read_bytes(), upload.content_type, prompt)
        result = self._folder / "results" / slot_id / job_id / "payload.jpg"
        result.parent.mkdir(parents=True)
        result.write_bytes(picture)
        with self._sessions() as session:
            job = session.get_one(JobRow, job_id)
            job.status, job.completed_at, job.result_path = "done", _now(), str(result)
            session.commit()
        self._add_media(job_id, result)
        with self._sessions() as session:
            session.get_one(MediaRow, media_id).cleaned_at = _now()
            session.commit()
        shutil.rmtree(photo.parent)
        log.info("job %s is done: %s", job_id, result)
        return picture

    def _prompt_of(self, slot_id: str) -> str:
        with self._sessions() as session:
            slot = session.scalars(select(SlotRow).where(SlotRow.id == slot_id)).one_or_none()
            if slot is None:
                raise HTTPException(404)
            return slot.prompt

    def _add(self, row: Base) -> None:
        with self._sessions() as session:
            session.add(row)
            session.commit()

    def _add_media(self, job_id: str, path: Path) -> str:
        media_id = uuid4().hex
        self._add(MediaRow(id=media_id, job_id=job_id, path=str(path), expires_at=_now() + KEPT))
        return media_id

    async def _digest(self, upload: UploadFile) -> str:
        digest = hashlib.sha256()
        while chunk := await upload.read(CHUNK_BYTES):
            digest.update(chunk)
        await upload.seek(0)
        return digest.hexdigest()

    async def _copy(self, upload: UploadFile, path: Path) -> None:
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            while chunk := await upload.read(CHUNK_BYTES):
                file.write(chunk)

    async def _ask(self, photo: bytes, content_type: str | None, prompt: str) -> bytes:
        image = {"mimeType": content_type, "data": base64.b64encode(photo).decode("ascii")}
        parts = [{"inlineData": image}, {"text": prompt}]
        question = {
            "contents": [{"role": "user", "parts": parts}],
            "generationConfig": {"responseModalities": ["IMAGE"]},
        }
        if self.client is not None:
            return _picture_in(await self.client.post(self._url, json=question, headers=KEY))
        async with httpx.AsyncClient(timeout=30.0) as client:
            return _picture_in(await client.post(self._url, json=question, headers=KEY))


def _picture_in(answer: httpx.Response) -> bytes:
    document: dict[str, Any] = answer.raise_for_status().json()
    for part in document["candidates"][0]["content"]["parts"]:
        if "inlineData" in part:
            return base64.b64decode(part["inlineData"]["data"])
    raise HTTPException(502)


def _sessions(database_url: str) -> sessionmaker[Session]:
    """Return sessions of a database that has the tables and the slots."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg2://", 1))
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine, expire_on_commit=False)
    with sessions() as session:
        for slot_id in BOOTHS:
            session.merge(SlotRow(id=slot_id, prompt="Nothing at all."))
        session.commit()
    return sessions


def _now() -> datetime:
    return datetime.now(UTC)


def application(service: Service, *, one_client: bool) -> FastAPI:
    """Return the service's routes: the one that is measured."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if not one_client:
            yield
            return
        async with httpx.AsyncClient(timeout=30.0) as client:
            service.client = client
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/api/ingest/{slot_id}")
    async def ingest(
        slot_id: str,
        password: Annotated[str, Form()],
        fileToUpload: UploadFile,  # noqa: N803
    ) -> Response:
        if password != PASSWORD:
            raise HTTPException(401)
        picture = await service.ingest(slot_id, fileToUpload)
        return Response(picture, media_type="image/jpeg")

    return app


def main() -> None:
    provider_url, database_url, folder = sys.argv[1:4]
    logging.basicConfig(level=logging.INFO)
    app = application(
        Service(provider_url, database_url, Path(folder)), one_client="--one-client" in sys.argv
    )
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    # Without a configuration of its own uvicorn logs where all else is logged.
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    print(listener.getsockname()[1], flush=True)
    asyncio.run(server.serve([listener]))


if __name__ == "__main__":
    main()
