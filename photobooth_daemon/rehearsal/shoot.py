"""Many cameras at once: who sends what, and what became of it in all."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from photobooth_daemon.rehearsal.camera import Shot
from photobooth_daemon.rehearsal.camera_form import Photo


class Sends(Protocol):
    """What sends photos: a camera that posts, one that sends by FTP, a tethering program."""

    async def take(self, photo: Photo) -> Shot:
        """Send the photo and return what became of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What each camera sends: every photo ``strip`` times running, all of it ``repeat`` times.

    With ``for_seconds`` it goes on until that time is over, however often.
    """

    photos: Sequence[Photo]
    strip: int = 1
    repeat: int = 1
    for_seconds: float | None = None

    def shots_in_all(self, cameras: int) -> int | None:
        """Return how many there will be, if that is known."""
        if self.for_seconds is not None:
            return None
        return cameras * len(self.photos) * self.strip * self.repeat

    def photos_in_order(self) -> Iterator[Photo]:
        """Give one camera's photos."""
        until = None if self.for_seconds is None else time.monotonic() + self.for_seconds
        rounds = 0
        while rounds < self.repeat or until is not None:
            for photo in self.photos:
                for _ in range(self.strip):
                    if until is not None and time.monotonic() >= until:
                        return
                    yield photo
            rounds += 1


@dataclass(slots=True)
class Summary:
    """What became of all photos."""

    shots: list[Shot] = field(default_factory=list)
    started_seconds: float = field(default_factory=time.monotonic)
    ended_seconds: float | None = None

    @property
    def pictures(self) -> int:
        """How many photos came back processed."""
        return sum(shot.outcome == "picture" for shot in self.shots)

    @property
    def sent(self) -> int:
        """How many photos were sent without waiting for a picture."""
        return sum(shot.outcome == "sent" for shot in self.shots)

    @property
    def elapsed_seconds(self) -> float:
        """How long it took in all."""
        return (self.ended_seconds or time.monotonic()) - self.started_seconds

    def reasons(self) -> list[tuple[str, int]]:
        """Return why originals are printed, the commonest first."""
        return Counter(s.why_original for s in self.shots if s.why_original).most_common()

    def percentile_seconds(self, share: float) -> float | None:
        """Return the time within which that share of the pictures was there (nearest rank)."""
        times = sorted(shot.seconds for shot in self.shots if shot.why_original is None)
        return times[max(0, math.ceil(share * len(times)) - 1)] if times else None

    def nothing_reached(self) -> bool:
        """Return whether there was nobody at the other end, ever."""
        return bool(self.shots) and all(
            (shot.why_original or "").startswith("unreachable") for shot in self.shots
        )

    def as_json(self) -> dict[str, Any]:
        """Return everything for scripts."""
        return {
            "photos": len(self.shots),
            "pictures": self.pictures,
            "sent": self.sent,
            "originals": len(self.shots) - self.pictures - self.sent,
            "why_original": dict(self.reasons()),
            "seconds": {
                "p50": _rounded(self.percentile_seconds(0.50)),
                "p95": _rounded(self.percentile_seconds(0.95)),
                "max": _rounded(self.percentile_seconds(1.0)),
            },
            "elapsed_seconds": _rounded(self.elapsed_seconds),
            "shots": [shot.as_json() for shot in self.shots],
        }


async def shoot(
    cameras: Sequence[Sends], plan: Plan, on_shot: Callable[[Shot], None], summary: Summary
) -> None:
    """Let every camera work through the plan; ``summary`` fills up as the answers come."""

    async def work(camera: Sends) -> None:
        for photo in plan.photos_in_order():
            _note(await camera.take(photo), on_shot, summary)

    await _all(work(camera) for camera in cameras)
    summary.ended_seconds = time.monotonic()


async def shoot_as_they_come(
    cameras: Sequence[Sends],
    photos: AsyncIterator[Photo],
    on_shot: Callable[[Shot], None],
    summary: Summary,
) -> None:
    """Send each photo once, by whichever camera is free, until cancelled."""
    waiting: asyncio.Queue[Photo] = asyncio.Queue()

    async def collect() -> None:
        async for photo in photos:
            waiting.put_nowait(photo)

    async def work(camera: Sends) -> None:
        while True:
            _note(await camera.take(await waiting.get()), on_shot, summary)

    await _all([collect(), *(work(camera) for camera in cameras)])


def _note(shot: Shot, on_shot: Callable[[Shot], None], summary: Summary) -> None:
    on_shot(shot)
    summary.shots.append(shot.without_body())


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run everything side by side; the first failure ends the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
