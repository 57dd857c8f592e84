"""``/api/template-media``: the library of pictures that slots use beside the photo."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from photobooth_daemon.administration.settings import SettingsService
from photobooth_daemon.administration.templates import TemplateService
from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import MediaNotFound
from photobooth_daemon.media.keys import (
    TEMPLATE_PREVIEW_TYPE,
    template_key,
    template_preview_key,
)
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MB
from photobooth_daemon.model.units import FORM_ALLOWANCE_BYTES
from photobooth_daemon.pictures.headers import EXTENSIONS
from photobooth_daemon.repositories.templates import TemplateRepository, UsedTemplate
from photobooth_daemon.tasks import InFlight
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.files import FileHandler, StoredFile
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.incoming.multipart import FormNames, picture_too_large
from photobooth_daemon.web.incoming.upload import Upload, UploadRules
from photobooth_daemon.web.paging import (
    read_flag,
    read_limit,
    read_time_cursor,
    time_cursor,
    write_page,
)
from photobooth_daemon.web.problems import OF_A_VALUE

UPLOAD_SECONDS = 60.0
DRAIN_BYTES = 64 * MB
CACHE_SECONDS = 24 * 3600


class TemplateRegisterHandler(Handler):
    """``/api/template-media/register``: takes a picture into the library.

    What may be uploaded as a photo may be uploaded here.
    """

    permission = "media:write"
    statuses = OF_A_VALUE
    _upload: Upload | None = None

    def initialize(
        self,
        base: Base,
        *,
        templates: TemplateService,
        settings: SettingsService,
        media_store: MediaStore,
        in_flight: InFlight,
        clock: Clock,
    ) -> None:
        super().initialize(base)
        self._templates = templates
        self._settings = settings
        self._media_store = media_store
        self._in_flight = in_flight
        self._clock = clock
        self.body.drain_bytes = DRAIN_BYTES

    async def admit(self) -> None:
        """Prepare for the picture.

        Raises:
            PayloadTooLarge: it is over ``max_upload_mb``.
        """
        self._limits = (await self._settings.get()).values
        max_file_bytes = self._limits.max_upload_mb * MB
        if self.body.announced_bytes > max_file_bytes + FORM_ALLOWANCE_BYTES:
            raise picture_too_large(max_file_bytes)
        deadline = Deadline.after(self._clock, UPLOAD_SECONDS)
        self._upload = Upload(
            self.body,
            self.request.headers.get("Content-Type", ""),
            UploadRules(FormNames(), max_file_bytes, deadline),
            self._media_store,
            self._in_flight,
        )

    @unless_refused
    async def post(self) -> None:
        """Keep the picture and answer with what is known about it."""
        assert self._upload is not None
        async with await self._upload.take() as received:
            label = received.fields.get("label", "").strip()
            found = await self._templates.register(
                received.path, label, self.actor(), max_pixels=self._limits.max_pixels
            )
        self.set_header("Location", f"/api/template-media/{found.media.media_id}")
        self.write_json(template_view(found), HTTPStatus.CREATED)

    def client_left(self, *, hung_up: bool) -> None:
        """Leave no half upload behind."""
        if self._upload is not None:
            self._upload.end()


class TemplatesHandler(Handler):
    """``/api/template-media``: the library, newest first."""

    permission = "slots:read"

    def initialize(self, base: Base, *, repository: TemplateRepository) -> None:
        super().initialize(base)
        self._repository = repository

    @unless_refused
    async def get(self) -> None:
        """Answer with a page of the library."""
        limit = read_limit(self)
        found = await self._repository.list_newest(read_time_cursor(self), limit + 1)
        write_page(
            self,
            found,
            limit,
            template_view,
            lambda used: time_cursor(used.media.created_at, used.media.media_id),
        )


class TemplateHandler(Handler):
    """``/api/template-media/{media_id}``: one picture's facts."""

    permission: ClassVar[Mapping[str, str]] = {"GET": "slots:read", "DELETE": "media:write"}

    def initialize(self, base: Base, *, templates: TemplateService) -> None:
        super().initialize(base)
        self._templates = templates

    @unless_refused
    async def get(self, media_id: str) -> None:
        """Answer with what is known about a picture."""
        found = await self._templates.get(self.path_uuid(media_id, MediaNotFound))
        self.write_json(template_view(found))

    @unless_refused
    async def delete(self, media_id: str) -> None:
        """Remove a picture that no slot uses, or with ``unbind=1`` from the slots as well."""
        unbind = read_flag(self, "unbind")
        await self._templates.delete(
            self.path_uuid(media_id, MediaNotFound), self.actor(), unbind=unbind
        )
        self.set_status(HTTPStatus.NO_CONTENT)


class TemplateFileHandler(FileHandler):
    """``…/content`` and ``…/preview``: the picture itself, and a small one."""

    permission = "slots:read"

    def initialize(
        self,
        base: Base,
        *,
        templates: TemplateService,
        media_store: MediaStore,
        preview: bool = False,
    ) -> None:
        super().initialize(base)
        self._templates = templates
        self._media_store = media_store
        self._preview = preview

    @unless_refused
    async def get(self, media_id: str) -> None:
        """Answer with the file."""
        media = (await self._templates.get(self.path_uuid(media_id, MediaNotFound))).media
        if self._preview:
            kind, key = TEMPLATE_PREVIEW_TYPE, template_preview_key(media.media_id)
        else:
            kind = media.content_type
            key = template_key(media.media_id, kind)
        self.set_header(
            "Content-Disposition", f'inline; filename="{media.media_id}.{EXTENSIONS[kind]}"'
        )
        stored = StoredFile(
            key=key,
            content_type=kind,
            etag=media.sha256[:32] + ("-preview" if self._preview else ""),
            modified_at=media.created_at,
            max_age_seconds=CACHE_SECONDS,
        )
        await self.send_file(self._media_store, stored, missing=MediaNotFound)


def template_view(used: UsedTemplate) -> dict[str, Any]:
    """Return a picture of the library as the API gives it."""
    media = used.media
    url = f"/api/template-media/{media.media_id}"
    return {
        "media_id": media.media_id,
        "label": media.label,
        "content_type": media.content_type,
        "width": media.width,
        "height": media.height,
        "size_bytes": media.size_bytes,
        "preview_url": f"{url}/preview",
        "content_url": f"{url}/content",
        "used_by": used.used_by,
        "created_at": media.created_at,
        "created_by": media.created_by,
    }
