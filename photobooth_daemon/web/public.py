"""What guests and providers fetch: results, previews, QR codes, the guest's page, temporary inputs.

Nobody logs in here: the links cannot be guessed, and they end.
"""

from __future__ import annotations

import asyncio
import io
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import segno

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import (
    MediaExpired,
    MediaNotFound,
    ResultExpired,
    ResultNotFound,
)
from photobooth_daemon.media.links import PublicMedia
from photobooth_daemon.media.results import Results
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Job
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.web.files import FileHandler, StoredFile
from photobooth_daemon.web.guest_page import (
    GUEST_PAGE_CSP,
    GuestFacts,
    GuestState,
    choose_language,
    render_guest_page,
)
from photobooth_daemon.web.handler import Handler
from photobooth_daemon.web.ingest import result_url
from photobooth_daemon.web.rendered import Rendered


class ResultHandler(FileHandler):
    """The picture, or its preview."""

    public = True
    served_while_draining = True

    def initialize(
        self, *, results: Results, media_store: MediaStore, preview: bool = False, **base: Any
    ) -> None:
        """Take the results; ``preview`` chooses which of the two files."""
        super().initialize(**base)
        self._results = results
        self._media_store = media_store
        self._preview = preview

    async def get(self, job_id: str) -> None:
        """Answer with the file while its link lives."""
        job = await self._results.get(self.path_uuid(job_id, ResultNotFound))
        if self._preview:
            found = await asyncio.to_thread(self._media_store.find_preview, job.job_id)
            if found is None:
                raise ResultExpired
            path, kind = found
        else:
            kind = str(job.result_content_type)
            path = self._media_store.result_path(job.job_id, kind)
        disposition = "attachment" if self.get_query_argument("download", "") == "1" else "inline"
        name = f"{job.job_id}.{EXTENSIONS[kind]}"
        self.set_header("Content-Disposition", f'{disposition}; filename="{name}"')
        await self.send_file(self._stored_file(job, path, kind), missing=ResultExpired)

    def _stored_file(self, job: Job, path: Path, content_type: str) -> StoredFile:
        digest = str(job.result_sha256)[:32]
        return StoredFile(
            path=path,
            content_type=content_type,
            etag=f"{digest}-preview" if self._preview else digest,
            modified_at=job.finished_at or job.started_at,
            max_age_seconds=self._results.life_seconds(job),
        )


class ResultQrHandler(Handler):
    """The guest page's link as a QR code."""

    public = True
    served_while_draining = True

    def initialize(self, *, results: Results, rendered: Rendered, **base: Any) -> None:
        """Take the results, and where drawings are kept."""
        super().initialize(**base)
        self._results = results
        self._rendered = rendered

    async def get(self, job_id: str) -> None:
        """Answer with an SVG drawing."""
        job = await self._results.get(self.path_uuid(job_id, ResultNotFound))
        link = self.site.absolute_url(self.request, f"/r/{job.job_id}")
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", f"private, max-age={self._results.life_seconds(job)}")
        self.write(await self._rendered.get(link, lambda: _qr_svg(link)))


class GuestPageHandler(Handler):
    """The page behind the QR code: works without JavaScript, in Russian and English."""

    public = True
    served_while_draining = True

    def initialize(self, *, results: Results, clock: Clock, **base: Any) -> None:
        """Take the results and the clock that counts their time."""
        super().initialize(**base)
        self._results = results
        self._clock = clock

    async def get(self, job_id: str) -> None:
        """Show the picture, or say in words that it has expired or never was."""
        try:
            job = await self._results.get(self.path_uuid(job_id, ResultNotFound))
        except ResultExpired:
            self._write_page(GuestState.EXPIRED, HTTPStatus.GONE)
        except ResultNotFound:
            self._write_page(GuestState.NOT_FOUND, HTTPStatus.NOT_FOUND)
        else:
            self._write_page(GuestState.READY, HTTPStatus.OK, self._facts(job))

    def _facts(self, job: Job) -> GuestFacts:
        url = result_url(job.job_id)
        assert job.result_expires_at is not None
        return GuestFacts(
            page_link=self.site.absolute_url(self.request, f"/r/{job.job_id}"),
            preview_link=self.site.absolute_url(self.request, f"{url}/preview"),
            result_url=url,
            download_url=f"{url}?download=1",
            qr_url=f"{url}/qr.svg",
            width=job.result_width or 0,
            height=job.result_height or 0,
            size_bytes=job.result_size_bytes or 0,
            expires_at=job.result_expires_at,
            now=self._clock.utcnow(),
        )

    def _write_page(
        self, state: GuestState, status: HTTPStatus, facts: GuestFacts | None = None
    ) -> None:
        language = choose_language(self.request.headers.get("Accept-Language", ""))
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Language", language)
        self.set_header("Vary", "Accept-Language")
        self.set_header("Content-Security-Policy", GUEST_PAGE_CSP)
        self.set_header("Referrer-Policy", "no-referrer")
        self.write(render_guest_page(state, language, facts))


class MediaHandler(FileHandler):
    """A provider's temporary input."""

    public = True
    served_while_draining = True

    def initialize(self, *, media: PublicMedia, clock: Clock, **base: Any) -> None:
        """Take the temporary links."""
        super().initialize(**base)
        self._media = media
        self._clock = clock

    async def get(self, name: str) -> None:
        """Answer with the picture until the window closes."""
        media_id = self._media_id(name)
        media, path = await self._media.get(media_id)
        left = media.expires_at - self._clock.utcnow()
        await self.send_file(
            StoredFile(
                path=path,
                content_type=media.content_type,
                etag=str(media.media_id),
                modified_at=None,
                max_age_seconds=int(left.total_seconds()),
            ),
            missing=MediaExpired,
        )

    def _media_id(self, name: str) -> UUID:
        """Return the id of a link's last part, which may end like a file name."""
        stem, _, extension = name.partition(".")
        if extension not in ("", *EXTENSIONS.values()):
            raise MediaNotFound
        return self.path_uuid(stem, MediaNotFound)


def _qr_svg(link: str) -> bytes:
    drawing = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        drawing, kind="svg", scale=8, border=4, dark="#000", light="#fff"
    )
    return drawing.getvalue()
