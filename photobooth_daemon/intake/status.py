"""What the intake is doing, for its own page, its metrics and whoever asks on the command line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.intake.reasons import both_languages

LAST_PHOTOS = 10
PICTURED = ("done", "fallback")
SECONDS_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 120, 600)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one photo: ``done``, ``fallback``, or the word of its failure.

    Of one that is remembered from its folder nobody knows how it came or how long it took.
    """

    name: str
    outcome: str
    at: datetime
    seconds: float | None
    source: str | None
    job_id: str | None

    @property
    def has_picture(self) -> bool:
        """Return whether something came back for it."""
        return self.outcome in PICTURED


@dataclass(frozen=True, slots=True)
class Taken:
    """A photo that is being sent, or waits for its turn to be sent again."""

    name: str
    at: datetime
    source: str


@dataclass(slots=True)
class SlotStatus:
    """One slot's photos: how many wait and are being sent, why they wait, the last ones."""

    slot_id: str
    waiting: int = 0
    sending: int = 0
    holds_up: str | None = None
    reachable: bool = True
    writable: bool = True
    idle_since: float | None = None
    """On the monotonic clock: since when photos lie there and none of them moves."""
    taken: dict[str, Taken] = field(default_factory=dict)
    last: deque[Fate] = field(default_factory=lambda: deque(maxlen=LAST_PHOTOS))


class IntakeStatus:
    """Counts, and tells; one for a process."""

    def __init__(self, slots: tuple[str, ...], clock: Clock, *, stuck_seconds: float) -> None:
        self._clock = clock
        self._stuck_seconds = stuck_seconds
        self.slots = {slot_id: SlotStatus(slot_id) for slot_id in slots}
        self.ftp: Callable[[], dict[str, Any]] = dict
        self.free_bytes: int | None = None
        self.registry = CollectorRegistry()
        self._photos = Counter(
            "photobooth_intake_photos_total",
            "Photos taken up, by what became of them.",
            ("slot", "source", "outcome"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "photobooth_intake_seconds",
            "From a photo's being taken up to its picture in out/.",
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        waiting = Gauge(
            "photobooth_intake_waiting",
            "Photos that lie in in/.",
            ("slot",),
            registry=self.registry,
        )
        stuck = Gauge(
            "photobooth_intake_stuck",
            "1 where photos lie and none has moved for stuck_minutes.",
            ("slot",),
            registry=self.registry,
        )
        for slot_id, status in self.slots.items():
            waiting.labels(slot_id).set_function(partial(_waiting, status))
            stuck.labels(slot_id).set_function(partial(self.is_stuck, status))

    def seen(self, slot_id: str, *, waiting: int, sending: int, reachable: bool) -> None:
        """Note what lies in a slot's folder now, and whether there is a folder at all."""
        status = self.slots[slot_id]
        status.waiting, status.sending, status.reachable = waiting, sending, reachable
        if waiting == 0:
            status.idle_since = status.holds_up = None
        elif status.idle_since is None:
            status.idle_since = self._clock.monotonic()

    def held_up(self, slot_id: str, why: str) -> None:
        """Note why a slot's photos wait."""
        self.slots[slot_id].holds_up = why

    def remembered(self, slot_id: str, fates: Iterable[Fate]) -> None:
        """Go on from what a slot's folders say of earlier photos, the newest first."""
        self.slots[slot_id].last.extend(fates)

    def began(self, slot_id: str, name: str, source: str) -> None:
        """Note that a photo is taken up."""
        self.slots[slot_id].taken[name] = Taken(name, self._clock.utcnow(), source)

    def let_go(self, slot_id: str, name: str) -> None:
        """Note that nobody works on a photo any more, whatever became of it."""
        self.slots[slot_id].taken.pop(name, None)

    def ended(
        self,
        slot_id: str,
        name: str,
        outcome: str,
        *,
        seconds: float,
        source: str,
        job_id: str | None = None,
    ) -> None:
        """Note what became of a photo."""
        status = self.slots[slot_id]
        fate = Fate(name, outcome, self._clock.utcnow(), round(seconds, 3), source, job_id)
        status.last.appendleft(fate)
        self.let_go(slot_id, name)
        status.idle_since = self._clock.monotonic()
        status.holds_up = None
        self._photos.labels(slot_id, source, outcome).inc()
        if fate.has_picture:
            self._seconds.observe(seconds)

    def is_stuck(self, status: SlotStatus) -> bool:
        """Return whether photos have lain there for too long without one of them moving."""
        if status.idle_since is None or status.waiting == 0:
            return False
        return self._clock.monotonic() - status.idle_since > self._stuck_seconds

    def is_well(self) -> bool:
        """Return whether every folder is there and no slot is stuck."""
        return all(one.reachable and not self.is_stuck(one) for one in self.slots.values())

    def as_json(self) -> dict[str, Any]:
        """Return everything, for ``photoboothctl intake status`` and the UI."""
        return {
            "status": "ok" if self.is_well() else "degraded",
            "ftp": self.ftp(),
            "free_bytes": self.free_bytes,
            "slots": [
                {
                    "slot_id": one.slot_id,
                    "waiting": one.waiting,
                    "sending": one.sending,
                    "stuck": self.is_stuck(one),
                    "reachable": one.reachable,
                    "writable": one.writable,
                    "holds_up": one.holds_up,
                    "taken": [
                        {**asdict(photo), "at": rfc3339(photo.at)} for photo in one.taken.values()
                    ],
                    "last": [_fate_json(fate) for fate in one.last],
                }
                for one in self.slots.values()
            ],
        }


def _waiting(status: SlotStatus) -> float:
    return status.waiting


def _fate_json(fate: Fate) -> dict[str, Any]:
    reason = None if fate.has_picture else both_languages(fate.outcome)
    return {**asdict(fate), "at": rfc3339(fate.at), "reason": reason}
