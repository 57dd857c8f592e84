"""How it goes: outcomes, shares, percentiles and series, per slot and in all.

Counted are cameras' photos that have ended; test runs are not. Figures come
from the rollup, so they cost the same at a hundred jobs and at a million. A
percentile is exact while photos differ by more than 5 %, else within 5 %; it
looks back up to a tenth further than the window, to where a stretch begins.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.model.events import Event
from photobooth_daemon.monitoring.reports.durations import (
    SHARES,
    Durations,
    Percentiles,
    durations_of_event,
    durations_of_window,
    grouped,
)
from photobooth_daemon.monitoring.reports.windows import WINDOWS, Window
from photobooth_daemon.repositories.event_stats import EventStatsRepository
from photobooth_daemon.repositories.job_lists import JobLists
from photobooth_daemon.repositories.stats import OutcomeCount, StatsRepository

OUTCOMES = ("done", "timeout", "failed")

PENDING = "pending"
EVENT = "event"
"""What stands for a window where the figures are an event's."""


class Stats:
    """Computes the figures that the statistics page and the command line show."""

    def __init__(
        self,
        repository: StatsRepository,
        events: EventStatsRepository,
        jobs: JobLists,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._events = events
        self._jobs = jobs
        self._clock = clock

    async def figures(self, window: Window) -> dict[str, Any]:
        """Return all figures of a window."""
        until = self._clock.utcnow()
        since = until - timedelta(seconds=window.seconds)
        step, duration_step = window.stretch_seconds, window.duration_stretch_seconds
        outcomes, of_slots, of_stretches, pending = await asyncio.gather(
            self._repository.outcomes(step, since),
            self._repository.durations_by_slot(duration_step, since),
            self._repository.durations_by_stretch(duration_step, since),
            self._jobs.count_pending(),
        )
        durations = durations_of_window(of_slots, of_stretches, duration_step)
        return {
            "window": window.name,
            **_document(since, until, step, outcomes, durations, pending),
        }

    async def figures_of_event(self, event: Event) -> dict[str, Any]:
        """Return all figures of an event's photos so far, exactly, in the form of a window's."""
        until = max(event.starts_at, min(event.ends_at, self._clock.utcnow()))
        step = _step_for(event.ends_at - event.starts_at)
        counted, durations = await asyncio.gather(
            self._events.outcomes(event.event_id, step),
            self._events.durations(event.event_id, step, list(SHARES.values())),
        )
        pending: dict[str, int] = defaultdict(int)
        for count in counted:
            # A photo that is made again is under way, but no further one.
            if count.status == PENDING and count.jobs:
                pending[count.slot_id] += count.jobs
        outcomes = [count for count in counted if count.status != PENDING]
        return {
            "window": EVENT,
            **_document(
                event.starts_at,
                until,
                step,
                outcomes,
                durations_of_event(durations, step),
                pending,
            ),
        }

    async def counts_of_last_day(self) -> dict[str, dict[str, int]]:
        """Return how many photos of each slot ended how in the last 24 h, and are under way."""
        window = WINDOWS["24h"]
        since = self._clock.utcnow() - timedelta(seconds=window.seconds)
        outcomes, pending = await asyncio.gather(
            self._repository.outcomes(window.stretch_seconds, since), self._jobs.count_pending()
        )
        counts: dict[str, dict[str, int]] = defaultdict(
            lambda: {**dict.fromkeys(OUTCOMES, 0), "pending": 0}
        )
        for count in outcomes:
            counts[count.slot_id][count.status] += count.jobs
        for slot_id, jobs in pending.items():
            counts[slot_id]["pending"] = jobs
        return counts


def _document(
    since: datetime,
    until: datetime,
    step: int,
    outcomes: Sequence[OutcomeCount],
    durations: Durations,
    pending: Mapping[str, int],
) -> dict[str, Any]:
    outcomes_of = grouped(outcomes, lambda count: count.slot_id)
    stretches = _stretches(since, until, step)
    slot_ids = sorted({*outcomes_of, *durations.slots, *pending})
    return {
        "since": rfc3339(since),
        "until": rfc3339(until),
        "total": _figures(outcomes, durations.total, sum(pending.values())),
        "slots": [
            {
                "slot_id": slot_id,
                **_figures(
                    outcomes_of[slot_id], durations.of_slot(slot_id), pending.get(slot_id, 0)
                ),
                "series": _series(outcomes_of[slot_id], stretches),
            }
            for slot_id in slot_ids
        ],
        "series": {
            "step_seconds": step,
            "at": [rfc3339(at) for at in stretches],
            **_series(outcomes, stretches),
            # Of the longer stretch that each step lies in.
            "p95_total_ms": [
                durations.p95_of_stretch.get(_beginning(at, durations.stretch_seconds))
                for at in stretches
            ],
        },
    }


def _step_for(length: timedelta) -> int:
    """Return how long a stretch is: an evening has tens of them, a fortnight hundreds."""
    return 900 if length <= timedelta(days=2) else 7200


def _figures(
    outcomes: Iterable[OutcomeCount], durations: Mapping[str, Percentiles], pending: int
) -> dict[str, Any]:
    by_status = dict.fromkeys(OUTCOMES, 0)
    reasons: dict[str, int] = defaultdict(int)
    input_bytes = result_bytes = 0
    cost = 0.0
    for count in outcomes:
        by_status[count.status] += count.jobs
        input_bytes += count.input_bytes
        result_bytes += count.result_bytes
        cost += count.cost
        if count.reason and count.jobs:
            reasons[count.reason] += count.jobs
    jobs = sum(by_status.values())
    return {
        "jobs": {"ended": jobs, **by_status, "pending": pending},
        "success_share": _share(by_status["done"], jobs),
        "timeout_share": _share(by_status["timeout"], jobs),
        "reasons": dict(sorted(reasons.items(), key=lambda item: -item[1])),
        **durations,
        "bytes": {"input": input_bytes, "result": result_bytes},
        "cost": round(cost, 6),
    }


def _stretches(since: datetime, until: datetime, step: int) -> list[datetime]:
    first = int(_beginning(since, step).timestamp())
    return [
        datetime.fromtimestamp(at, UTC) for at in range(first, int(until.timestamp()) + 1, step)
    ]


def _beginning(at: datetime, step: int) -> datetime:
    """Return when the stretch that holds ``at`` begins."""
    return datetime.fromtimestamp(int(at.timestamp()) // step * step, UTC)


def _series(
    outcomes: Iterable[OutcomeCount], stretches: Sequence[datetime]
) -> dict[str, list[int]]:
    place = {at: index for index, at in enumerate(stretches)}
    series = {status: [0] * len(stretches) for status in OUTCOMES}
    for count in outcomes:
        if count.stretch_at in place:
            series[count.status][place[count.stretch_at]] += count.jobs
    return series


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
