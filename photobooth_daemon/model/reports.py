"""The figures of one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from photobooth_daemon.model.events import Event


@dataclass(frozen=True, slots=True)
class Durations:
    """Percentiles, exact, in milliseconds; None without a photo."""

    p50_ms: int | None
    p95_ms: int | None
    longest_ms: int | None


@dataclass(frozen=True, slots=True)
class SlotLine:
    """One slot's share of the event."""

    slot_id: str
    display_name: str
    photos: int
    done: int
    timeouts: int
    failures: int
    p95_ms: int | None
    cost: float


@dataclass(frozen=True, slots=True)
class Cause:
    """Why photos got no picture: how often, and the code."""

    status: str
    code: str
    photos: int


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """One provider's work."""

    provider: str
    photos: int
    attempts: int
    cost: float


@dataclass(frozen=True, slots=True)
class SlowPhoto:
    """One of the slowest photos."""

    job_id: UUID
    slot_id: str
    status: str
    provider: str | None
    total_ms: int
    provider_ms: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Hour:
    """How many photos came in one hour, or part of it, and how many got their picture."""

    at: datetime
    photos: int
    done: int


@dataclass(frozen=True, slots=True)
class EventReport:
    """Cameras' photos of a stretch of time; trials are left out."""

    since: datetime
    until: datetime
    photos: int
    done: int
    timeouts: int
    failures: int
    pending: int
    fallbacks: int
    """Of those without a picture: given back untouched."""
    made_again: int
    """Of those without a picture: they have one by now."""
    total: Durations
    ready_p90_ms: int | None
    """Of those with a picture: nine of ten were ready within it."""
    provider: Durations
    received_bytes: int
    result_bytes: int
    cost: float
    first_at: datetime | None
    last_at: datetime | None
    slots: tuple[SlotLine, ...]
    causes: tuple[Cause, ...]
    providers: tuple[ProviderLine, ...]
    slowest: tuple[SlowPhoto, ...]
    hours: tuple[Hour, ...]
    quarters: tuple[Hour, ...]

    @property
    def with_picture(self) -> int:
        """Return how many photos have got their picture, at once or made again."""
        return self.done + self.made_again

    @property
    def success_percent(self) -> float | None:
        """Return the share of the ended photos that have got their picture by now."""
        ended = self.photos - self.pending
        return round(100 * self.with_picture / ended, 1) if ended else None


@dataclass(frozen=True, slots=True)
class Override:
    """A change that was made while a frozen event ran, and why.

    ``kind`` is slot, settings or template; ``subject`` is what a slot is called.
    """

    at: datetime
    kind: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of the evening, as a ``data:`` address."""

    taken_at: datetime
    picture: str


@dataclass(frozen=True, slots=True)
class EventStory:
    """What a report of an event tells beside the figures; pictures are ``data:`` addresses.

    ``samples`` has one for each slot, ``best`` some of the whole evening.
    """

    event: Event
    report: EventReport
    overrides: tuple[Override, ...] = ()
    logo: str | None = None
    samples: Mapping[str, str] = field(default_factory=dict)
    best: tuple[Shot, ...] = ()
