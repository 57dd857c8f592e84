"""Temporary links: how a provider fetches a photo, and how that ends with the window."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID, uuid4

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import MediaExpired, MediaNotFound
from photobooth_daemon.media.keys import MediaKey, provider_key
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MediaKind, MediaObject, PictureBytes
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.repositories.media import MediaRepository

log = logging.getLogger(__name__)


class TemporaryLinks:
    """The links of one photo: opened while it is processed, all closed together."""

    def __init__(
        self,
        job_id: UUID,
        *,
        public_url: str | None,
        repository: MediaRepository,
        media_store: MediaStore,
    ) -> None:
        self._job_id = job_id
        self._public_url = public_url
        self._repository = repository
        self._media_store = media_store
        self._open: dict[object, tuple[UUID, str]] = {}

    async def open(self, source: object, picture: PictureBytes, expires_at: datetime) -> str | None:
        """Return a link to ``picture`` that answers until ``expires_at``.

        The same ``source`` gets the same link. Without a public URL there are
        no links that a provider could reach, and None is returned.
        """
        if self._public_url is None:
            return None
        if source not in self._open:
            media = MediaObject(
                media_id=uuid4(),
                job_id=self._job_id,
                kind=MediaKind.PROVIDER_INPUT,
                content_type=picture.content_type,
                size_bytes=len(picture.data),
                expires_at=expires_at,
                cleaned_at=None,
            )
            self._open[source] = (media.media_id, self._link(media))
            await self._repository.add(media)
            await self._media_store.store_provider_input(
                media.media_id, picture.data, picture.content_type
            )
        return self._open[source][1]

    async def close(self) -> None:
        """Remove the files, so that no link answers any more; the job's end closes the rows.

        A disk that refuses is logged: the links end with their rows, the files with cleanup.
        """
        keys = [provider_key(media_id) for media_id, _ in self._open.values()]
        for error in (await self._media_store.remove_many(keys)).values():
            log.error("a temporary file is left to cleanup", exc_info=error)
        self._open.clear()

    def _link(self, media: MediaObject) -> str:
        # Some providers look at the end of the path to tell the format.
        name = f"{media.media_id}.{EXTENSIONS[media.content_type]}"
        return f"{self._public_url}/public/media/{name}"


class PublicMedia:
    """Answers what is behind a temporary link."""

    def __init__(self, repository: MediaRepository, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def get(self, media_id: UUID) -> tuple[MediaObject, MediaKey]:
        """Return the object and its key in the media store.

        Raises:
            MediaNotFound: there never was such a link.
            MediaExpired: its time is over, whether or not the file is still there.
        """
        media = await self._repository.find_provider_input(media_id)
        if media is None:
            raise MediaNotFound
        if media.cleaned_at is not None or media.expires_at <= self._clock.utcnow():
            raise MediaExpired
        return media, provider_key(media_id)
