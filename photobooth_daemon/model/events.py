"""An event: one evening, its slots, and what guests and the client get of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from photobooth_daemon.model.settings import Settings


class EventState(StrEnum):
    """Where an event is, by the clock alone."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"


class KeepOriginals(StrEnum):
    """Which photos an event keeps as they came."""

    NEVER = "never"
    FAILED = "failed"
    ALL = "all"


class RerunMode(StrEnum):
    """Who has failed photos made again."""

    MANUAL = "manual"
    AUTO = "auto"


class Corner(StrEnum):
    """Where a stamp is laid on a picture."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A QR code, and a line of text, on the picture that goes back to the booth.

    ``size_percent`` is the code's edge with its quiet zone, of the picture's shorter edge.
    """

    corner: Corner = Corner.BOTTOM_RIGHT
    size_percent: int = 15
    text: str | None = None


@dataclass(frozen=True, slots=True)
class GuestLook:
    """What guests' pages of an event show: an empty title stands for the event's name."""

    title: str = ""
    greeting: str = ""
    accent: str = "#0b6b5d"
    logo_media_id: UUID | None = None
    locale: str = "auto"


@dataclass(frozen=True, slots=True)
class Gallery:
    """Who may see an event's pictures: whoever has the link, and the PIN if there is one."""

    token: str = field(repr=False)
    enabled: bool = False
    pin_hash: str | None = field(default=None, repr=False)
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One evening, as it was at ``version``. Without ``slot_ids`` it has all slots."""

    event_id: UUID
    version: int
    name: str
    starts_at: datetime
    ends_at: datetime
    slot_ids: tuple[str, ...]
    frozen: bool
    gallery: Gallery
    guest: GuestLook
    stamp: Stamp | None
    keep_originals: KeepOriginals
    rerun: RerunMode
    result_ttl_hours: int | None
    silent_minutes: int | None
    updated_at: datetime
    updated_by: str

    def state(self, now: datetime) -> EventState:
        """Return where the event is at an instant; its end is not part of it."""
        if now < self.starts_at:
            return EventState.PLANNED
        return EventState.RUNNING if now < self.ends_at else EventState.ENDED

    def has_slot(self, slot_id: str) -> bool:
        """Return whether a slot's photos belong to the event while it runs."""
        return not self.slot_ids or slot_id in self.slot_ids

    @property
    def drops_originals_of_done(self) -> bool:
        """Return whether a photo whose picture is there is not kept any longer."""
        return self.keep_originals is KeepOriginals.FAILED

    def title(self) -> str:
        """Return what guests' pages call it."""
        return self.guest.title or self.name


def kept_hours(event: Event | None, settings: Settings) -> int:
    """Return how long a result is kept: as its event says, else as the settings do."""
    of_event = None if event is None else event.result_ttl_hours
    return of_event or settings.result_ttl_hours


@dataclass(frozen=True, slots=True)
class EventCounts:
    """How an event's photos ended so far; ``fallback`` ones are failed or timed out as well."""

    photos: int = 0
    done: int = 0
    failed: int = 0
    timeout: int = 0
    fallback: int = 0
