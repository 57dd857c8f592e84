"""What guests and providers fetch: results, previews, QR codes, temporary inputs.

Nobody logs in here: the links cannot be guessed, and they end.
"""

from __future__ import annotations

import io
from uuid import UUID

import segno

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import (
    MediaExpired,
    MediaNotFound,
    ResultExpired,
    ResultNotFound,
)
from photobooth_daemon.media.ahead import Ahead
from photobooth_daemon.media.keys import MediaKey, result_key
from photobooth_daemon.media.links import PublicMedia
from photobooth_daemon.media.results import Results
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Job
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.files import FileHandler, StoredFile, life_header
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.rendered import Rendered


class ResultHandler(FileHandler):
    """The picture, or its preview."""

    public = True
    served_while_draining = True

    def initialize(
        self, base: Base, *, results: Results, media_store: MediaStore, preview: bool = False
    ) -> None:
        """Take the results; ``preview`` chooses which of the two files."""
        super().initialize(base)
        self._results = results
        self._media_store = media_store
        self._preview = preview

    @unless_refused
    async def get(self, job_id: str) -> None:
        """Answer with the file while its link lives."""
        asked = self.path_uuid(job_id, ResultNotFound)
        likely = self._results.likely_key(asked, preview=self._preview)
        async with Ahead(self._media_store, likely if self.asks_for_all() else None) as ahead:
            await self._answer(asked, ahead)

    async def _answer(self, asked: UUID, ahead: Ahead) -> None:
        job = await self._results.get(asked)
        if self._preview:
            found = await self._media_store.find_preview(job.job_id)
            if found is None:
                raise ResultExpired
            key, kind = found
        else:
            kind = str(job.result_content_type)
            key = result_key(job.job_id, kind)
        disposition = "attachment" if self.get_query_argument("download", "") == "1" else "inline"
        name = f"{job.job_id}.{EXTENSIONS[kind]}"
        self.set_header("Content-Disposition", f'{disposition}; filename="{name}"')
        stored = self._stored_file(job, key, kind)
        await self.send_file(self._media_store, stored, missing=ResultExpired, ahead=ahead)

    def _stored_file(self, job: Job, key: MediaKey, content_type: str) -> StoredFile:
        digest = str(job.result_sha256)[:32]
        return StoredFile(
            key=key,
            content_type=content_type,
            etag=f"{digest}-preview" if self._preview else digest,
            modified_at=job.finished_at or job.started_at,
            max_age_seconds=kept_seconds(self._results, job),
        )


class ResultQrHandler(Handler):
    """The guest page's link as a QR code."""

    public = True
    served_while_draining = True

    def initialize(self, base: Base, *, results: Results, rendered: Rendered) -> None:
        """Take the results, and where drawings are kept."""
        super().initialize(base)
        self._results = results
        self._rendered = rendered

    @unless_refused
    async def get(self, job_id: str) -> None:
        """Answer with an SVG drawing."""
        asked = self.path_uuid(job_id, ResultNotFound)
        job = await self._results.get(asked)
        link = self.site.absolute_url(self.request, f"/r/{asked}")
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Cache-Control", life_header(kept_seconds(self._results, job)))
        self.write(await self._rendered.get(link, lambda: qr_svg(link)))


class MediaHandler(FileHandler):
    """A provider's temporary input."""

    public = True
    served_while_draining = True

    def initialize(
        self, base: Base, *, media: PublicMedia, media_store: MediaStore, clock: Clock
    ) -> None:
        """Take the temporary links, and where their pictures are."""
        super().initialize(base)
        self._media = media
        self._media_store = media_store
        self._clock = clock

    @unless_refused
    async def get(self, name: str) -> None:
        """Answer with the picture until the window closes."""
        media_id = self._media_id(name)
        media, key = await self._media.get(media_id)
        left = media.expires_at - self._clock.utcnow()
        await self.send_file(
            self._media_store,
            StoredFile(
                key=key,
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


def kept_seconds(results: Results, job: Job) -> int:
    """Return how long a browser may keep a result unasked: one of an event may be deleted."""
    if job.event_id is not None or job.guest_key is not None:
        return 0
    return results.life_seconds(job)


def qr_svg(link: str) -> bytes:
    """Return a link as a QR code, with the quiet zone around it."""
    drawing = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        drawing, kind="svg", scale=8, border=4, dark="#000", light="#fff"
    )
    return drawing.getvalue()
