"""Template media: pictures that slots use beside the photo, registered, shown, removed."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.freeze import Freeze
from photobooth_daemon.administration.slots import SlotService
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import (
    Fault,
    InUse,
    MediaNotFound,
    ValidationFailed,
)
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Actor, Output, TemplateMedia
from photobooth_daemon.pictures.headers import read_header
from photobooth_daemon.pictures.steps import (
    CONTENT_TYPES,
    megapixels_of,
    original,
    recognise,
    template_preview,
)
from photobooth_daemon.pictures.threads import PictureThreads
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.repositories.templates import TemplateRepository, UsedTemplate

MAX_LABEL_CHARACTERS = 80
UPRIGHT = 1
"""EXIF's word for a picture that is stored as it is displayed."""
UPRIGHT_QUALITY = 95
FORMATS = {kind: name for name, kind in CONTENT_TYPES.items()}


@dataclass(frozen=True, slots=True)
class _Inspected:
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    preview: bytes


class TemplateService:
    """Keeps the library of template pictures: files and rows together."""

    def __init__(
        self,
        database: Database,
        repository: TemplateRepository,
        slots: SlotRepository,
        slot_service: SlotService,
        media_store: MediaStore,
        pictures: PictureThreads,
        audit: Audit,
        freeze: Freeze,
        clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._slots = slots
        self._slot_service = slot_service
        self._media_store = media_store
        self._pictures = pictures
        self._audit = audit
        self._freeze = freeze
        self._clock = clock

    async def register(
        self, path: Path, label: str, actor: Actor, *, max_pixels: int
    ) -> UsedTemplate:
        """Move the picture in ``path`` into the library and return it.

        The bytes stay as they were sent, unless a camera wrote them lying on
        their side: those are turned upright. An AVIF becomes a PNG, which every
        provider reads.

        Raises:
            ValidationFailed: the label is too long.
            UnsupportedMediaType: not a JPEG, PNG, WEBP, or AVIF where Pillow reads it.
            InvalidImage: truncated, corrupt, or too many pixels.
            StorageFull: the disk has no room.
        """
        if len(label) > MAX_LABEL_CHARACTERS:
            message = f"Must have at most {MAX_LABEL_CHARACTERS} characters."
            raise ValidationFailed([Fault("/label", message)])
        inspected = await self._pictures.look(
            _inspect, path, max_pixels, megapixels=await asyncio.to_thread(_megapixels, path)
        )
        media = TemplateMedia(
            media_id=uuid4(),
            label=label,
            content_type=inspected.content_type,
            width=inspected.width,
            height=inspected.height,
            size_bytes=inspected.size_bytes,
            sha256=inspected.sha256,
            created_at=self._clock.utcnow(),
            created_by=actor.username,
        )
        await self._media_store.store_template(
            media.media_id, path, media.content_type, inspected.preview
        )
        try:
            async with self._database.transaction() as connection:
                await self._repository.add(connection, media)
                await self._audit.record(
                    connection,
                    actor=actor,
                    action="template.register",
                    entity=f"template:{media.media_id}",
                    after={"label": label, "content_type": media.content_type},
                )
        except BaseException:
            await self._media_store.remove_template(media.media_id)
            raise
        return UsedTemplate(media, ())

    async def get(self, media_id: UUID) -> UsedTemplate:
        """Return one picture with the slots that use it.

        Raises:
            MediaNotFound: there is none of this id.
        """
        found = await self._repository.find(media_id)
        if found is None:
            raise MediaNotFound
        return found

    async def delete(self, media_id: UUID, actor: Actor, *, unbind: bool) -> None:
        """Remove a picture; its files go with the next cleanup, when no photo can need them.

        With ``unbind`` it is taken out of the slots that use it first; a slot
        that cannot work without it is switched off.

        Raises:
            MediaNotFound: there is none of this id.
            EventRunning: a running event shows it.
            InUse: slots use it, and ``unbind`` was not asked for.
        """
        async with self._database.transaction() as connection:
            # Slots before templates, as saving a slot does: nobody waits in a circle.
            slots = await self._slots.lock_all(connection) if unbind else []
            media = await self._repository.lock(connection, media_id)
            if media is None:
                raise MediaNotFound
            users = await self._repository.users(connection, media_id)
            await self._freeze.check_template(connection, media_id, users, actor)
            if users and not unbind:
                raise InUse(users)
            using = [slot for slot in slots if slot.slot_id in users]
            await self._slot_service.unbind(connection, using, media_id, actor)
            await self._repository.delete(connection, media_id)
            await self._audit.record(
                connection,
                actor=actor,
                action="template.delete",
                entity=f"template:{media_id}",
                before={"label": media.label, "used_by": users},
            )
        await self._media_store.retire_template(media_id)


def _megapixels(path: Path) -> float:
    with path.open("rb") as file:
        return megapixels_of(file)


def _inspect(path: Path, max_pixels: int) -> _Inspected:
    """Look at the whole picture, in a thread.

    Raises:
        UnsupportedMediaType, InvalidImage: as for :meth:`TemplateService.register`.
    """
    content_type = recognise(path)
    with path.open("rb") as file:
        header = read_header(file, content_type, max_pixels=max_pixels)
    preview = template_preview(path, content_type)
    if header.orientation != UPRIGHT or content_type not in FORMATS:
        output = Output(FORMATS.get(content_type, "png"), UPRIGHT_QUALITY)
        kept = original(path, content_type, output)
        path.write_bytes(kept.data)
        content_type = kept.content_type
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return _Inspected(content_type, *header.displayed(), len(data), digest, preview)
