"""An event's own report: its figures, its pictures, and what was changed while it ran."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence

from photobooth_daemon.clock import Clock
from photobooth_daemon.media.keys import TEMPLATE_PREVIEW_TYPE, MediaKey, template_preview_key
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import AuditEntry
from photobooth_daemon.model.events import Event
from photobooth_daemon.model.reports import EventReport, EventStory, Override, Shot
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.repositories.event_pictures import EventPictures, ShownPicture
from photobooth_daemon.repositories.event_report import EventReportRepository

BEST = 12
MOST_PICTURE_BYTES = 2_000_000
"""All of a page's pictures together: in base64, with the rest, it stays under 3 MB."""
_KINDS = {"slot": "slot", "settings": "settings"}


class EventReports:
    """Puts an event's report together."""

    def __init__(
        self,
        reports: EventReportRepository,
        pictures: EventPictures,
        audit_log: AuditRepository,
        media_store: MediaStore,
        clock: Clock,
    ) -> None:
        self._reports = reports
        self._pictures = pictures
        self._audit_log = audit_log
        self._media_store = media_store
        self._clock = clock

    async def figures(self, event: Event) -> EventStory:
        """Return the report without pictures."""
        report = await self._reports.read_event(event)
        entries = await self._audit_log.list_overrides(event.starts_at, event.ends_at)
        return EventStory(event, report, _overrides(event, report, entries))

    async def illustrated(self, event: Event) -> EventStory:
        """Return the report with its pictures, as far as they are still kept."""
        now = self._clock.utcnow()
        story, chosen = await asyncio.gather(
            self.figures(event), self._pictures.choose(event.event_id, now, BEST)
        )
        room = _Room(self._media_store)
        logo_id = story.event.guest.logo_media_id
        logo = None
        if logo_id is not None:
            logo = await room.embed(template_preview_key(logo_id), TEMPLATE_PREVIEW_TYPE)
        shots = [
            Shot(shown.taken_at, picture)
            for shown in chosen.spread
            if (picture := await self._embedded(room, shown)) is not None
        ]
        samples = {
            shown.slot_id: picture
            for shown in chosen.of_slots
            if (picture := await self._embedded(room, shown)) is not None
        }
        return EventStory(story.event, story.report, story.overrides, logo, samples, tuple(shots))

    async def _embedded(self, room: _Room, shown: ShownPicture) -> str | None:
        found = await self._media_store.find_preview(shown.job_id)
        return None if found is None else await room.embed(*found)


class _Room:
    """How much of a page's room for pictures is left."""

    def __init__(self, media_store: MediaStore) -> None:
        self._media_store = media_store
        self._left_bytes = MOST_PICTURE_BYTES

    async def embed(self, key: MediaKey, content_type: str) -> str | None:
        """Return a picture as part of the page itself; None where it is gone, or has no room."""
        try:
            data = await self._media_store.read(key)
        except FileNotFoundError:
            return None
        if len(data) > self._left_bytes:
            return None
        self._left_bytes -= len(data)
        return f"data:{content_type};base64,{base64.b64encode(data).decode('ascii')}"


def _overrides(
    event: Event, report: EventReport, entries: Sequence[AuditEntry]
) -> tuple[Override, ...]:
    """Return what was changed against the event's freeze, first things first."""
    names = {slot.slot_id: slot.display_name for slot in report.slots}
    found = []
    for entry in entries:
        kind, _, subject = entry.entity.partition(":")
        if kind == "slot" and not event.has_slot(subject):
            continue
        found.append(
            Override(
                at=entry.at,
                kind=_KINDS.get(kind, "template"),
                subject=names.get(subject, subject) if kind == "slot" else "",
                reason=str((entry.after or {})["override_reason"]),
            )
        )
    return tuple(found)
