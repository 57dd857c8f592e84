"""Failures of events and their galleries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from photobooth_daemon.errors.base import InvalidRequest, NotFound, PhotoboothError


class GalleryNotFound(NotFound):
    code = "gallery_not_found"
    default_detail = "There is no gallery behind this link."


class GalleryEnded(PhotoboothError):
    """An evening is over, and nothing is kept of it."""

    code = "gallery_ended"
    default_detail = "The event is over, and its pictures have been removed."


class PinRequired(PhotoboothError):
    code = "pin_required"
    default_detail = "This gallery opens with a PIN."


class WrongPin(PhotoboothError):
    code = "wrong_pin"
    default_detail = "This is not the gallery's PIN."


class EventNotFound(NotFound):
    code = "event_not_found"
    default_detail = "There is no event of this id."


class ReportTooLarge(InvalidRequest):
    default_detail = "So many photos take too long to add up: ask for the report of a shorter time."


class EventRunning(PhotoboothError):
    """Something is kept as it is while an event runs; a stated reason changes it all the same."""

    code = "event_running"

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__(
            f"The event “{event['name']}” runs until {event['ends_at']} and keeps this as it is;"
            " to change it anyway, state a reason in X-Override-Freeze."
        )
        self.event = event

    def extra(self) -> dict[str, Any]:
        return {"event": dict(self.event)}


class SlotTaken(PhotoboothError):
    code = "slot_taken"
    default_detail = "Another event has one of these slots at that time; see events."

    def __init__(self, events: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.events = tuple(events)

    def extra(self) -> dict[str, Any]:
        return {"events": [dict(event) for event in self.events]}
