"""``/api/events``: the evenings, planned, changed and looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from photobooth_daemon.administration.events import CountedEvent, EventService
from photobooth_daemon.administration.results import ResultService
from photobooth_daemon.errors import EventNotFound
from photobooth_daemon.monitoring.retention import Retention
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paging import (
    read_flag,
    read_limit,
    read_time_cursor,
    time_cursor,
    write_page,
)
from photobooth_daemon.web.preconditions import expected_version, set_version

PERMISSION: Mapping[str, str] = {
    "GET": "events:read",
    "POST": "events:write",
    "PUT": "events:write",
    "DELETE": "events:write",
}


class _EventHandler(Handler):
    """Answers with an event as it is now."""

    def initialize(self, base: Base, *, events: EventService) -> None:
        super().initialize(base)
        self.events = events

    def whole_event(self, counted: CountedEvent) -> dict[str, Any]:
        """Return an event as GET gives it, with the link of its gallery."""
        view = self.events.view(counted)
        gallery = counted.event.gallery
        link = self.site.absolute_url(self.request, f"/g/{gallery.token}")
        return {**view, "gallery": {**view["gallery"], "link": link if gallery.enabled else None}}

    def answer(self, counted: CountedEvent, status: HTTPStatus = HTTPStatus.OK) -> None:
        """Answer with an event and its version."""
        set_version(self, counted.event.version)
        self.write_json(self.whole_event(counted), status)

    def event_id(self, text: str) -> UUID:
        """Return the id in a path.

        Raises:
            EventNotFound: it is none.
        """
        return self.path_uuid(text, EventNotFound)


class EventsHandler(_EventHandler):
    """``/api/events``: all of them, newest first; a new one."""

    permission: ClassVar[Mapping[str, str]] = PERMISSION

    @unless_refused
    async def get(self) -> None:
        """Answer with a page of events."""
        limit, before = read_limit(self), read_time_cursor(self)
        write_page(
            self,
            await self.events.list_newest(before, limit + 1),
            limit,
            self.whole_event,
            lambda counted: time_cursor(counted.event.starts_at, counted.event.event_id),
        )

    @unless_refused
    async def post(self) -> None:
        """Plan an event."""
        counted = await self.events.create(self.read_json_object(), self.actor())
        self.set_header("Location", f"/api/events/{counted.event.event_id}")
        self.answer(counted, HTTPStatus.CREATED)


class EventHandler(_EventHandler):
    """``/api/events/{event_id}``: one event, whole."""

    permission: ClassVar[Mapping[str, str]] = PERMISSION

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, events: EventService, results: ResultService
    ) -> None:
        """Take what ends results beside the events."""
        super().initialize(base, events=events)
        self._results = results

    @unless_refused
    async def get(self, event_id: str) -> None:
        """Answer with the event."""
        self.answer(await self.events.get(self.event_id(event_id)))

    @unless_refused
    async def put(self, event_id: str) -> None:
        """Put part or all of its configuration in force."""
        body = self.read_json_object()
        found = self.event_id(event_id)
        expected = expected_version(self, body)
        self.answer(await self.events.update(found, body, expected, self.actor()))

    @unless_refused
    async def delete(self, event_id: str) -> None:
        """Forget the event; its jobs stay, and with ``purge=1`` not their results."""
        body = self.read_json_object() if self.body.data else None
        found, purges = self.event_id(event_id), read_flag(self, "purge")
        expected = expected_version(self, body)
        if purges:
            expected.check((await self.events.get(found)).event.version)
            await self._results.purge(found, self.actor())
        await self.events.delete(found, expected, self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


class EventPurgeHandler(_EventHandler):
    """``…/purge``: nothing of the evening is kept any more."""

    permission = "events:write"

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, events: EventService, results: ResultService
    ) -> None:
        """Take what ends results beside the events."""
        super().initialize(base, events=events)
        self._results = results

    @unless_refused
    async def post(self, event_id: str) -> None:
        """Remove every result, preview and original now."""
        found = await self.events.get(self.event_id(event_id))
        removed = await self._results.purge(found.event.event_id, self.actor())
        self.write_json({"removed": removed}, HTTPStatus.ACCEPTED)


class EventRetentionHandler(_EventHandler):
    """``…/retention``: what is still kept of the evening, and that nothing older is."""

    permission = "events:read"

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, events: EventService, retention: Retention
    ) -> None:
        """Take what compares rows with the disk beside the events."""
        super().initialize(base, events=events)
        self._retention = retention

    @unless_refused
    async def get(self, event_id: str) -> None:
        """Answer with the proof of this moment."""
        found = await self.events.get(self.event_id(event_id))
        self.write_json(asdict(await self._retention.prove(found.event.event_id)))


class GalleryRenewHandler(_EventHandler):
    """``…/gallery/renew``: another link, for instance when the old one got about."""

    permission = "events:write"

    @unless_refused
    async def post(self, event_id: str) -> None:
        """Make the old link nobody's."""
        body = self.read_json_object() if self.body.data else None
        found = self.event_id(event_id)
        expected = expected_version(self, body) if _says_version(self, body) else None
        self.answer(await self.events.renew_gallery(found, expected, self.actor()))


def _says_version(handler: Handler, body: Mapping[str, Any] | None) -> bool:
    return (
        "If-Match" in handler.request.headers
        or "version" in (body or {})
        or "version" in handler.request.query_arguments
    )
