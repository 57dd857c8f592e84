"""How it goes: outcomes, shares, percentiles and series, per slot and in all.

Counted are cameras' photos that have ended; test runs are not. Figures come
from the rollup, so they cost the same at a hundred jobs and at a million. A
percentile is exact while photos differ by more than 5 %, else within 5 %; it
looks back up to a tenth further than the window, to where a stretch begins.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.model.events import Event
from photobooth_daemon.repositories.job_lists import JobLists
from photobooth_daemon.repositories.stats import DurationCount, OutcomeCount, StatsRepository

OUTCOMES = ("done", "timeout", "failed")
SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}

EVENT = "event"
"""What stands for a window where the figures are an event's."""


@dataclass(frozen=True, slots=True)
class Window:
    """How far back statistics look, in which steps their series go, and their durations."""

    name: str
    seconds: int
    stretch_seconds: int
    duration_stretch_seconds: int


WINDOWS: Mapping[str, Window] = {
    window.name: window
    for window in (
        Window("1h", 3600, 60, 300),
        Window("24h", 24 * 3600, 900, 3600),
        Window("7d", 7 * 24 * 3600, 7200, 21600),
    )
}


class Stats:
    """Computes the figures that the statistics page and the command line show."""

    def __init__(self, repository: StatsRepository, jobs: JobLists, clock: Clock) -> None:
        self._repository = repository
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
        return {
            "window": window.name,
            **_document(
                since, until, step, outcomes, of_slots, pending,
                lambda stretches: _p95_series(of_stretches, stretches, duration_step),
            ),
        }  # fmt: skip

    async def figures_of_event(self, event: Event) -> dict[str, Any]:
        """Return all figures of an event's photos so far, exactly, in the form of a window's."""
        until = max(event.starts_at, min(event.ends_at, self._clock.utcnow()))
        step = _step_for(event.ends_at - event.starts_at)
        outcomes, of_slots, of_stretches, pending = await asyncio.gather(
            self._repository.outcomes_of_event(event.event_id, step),
            self._repository.durations_of_event(event.event_id),
            self._repository.durations_of_event_by_stretch(event.event_id, step),
            self._repository.pending_of_event(event.event_id),
        )
        return {
            "window": EVENT,
            **_document(
                event.starts_at, until, step, outcomes, of_slots, pending,
                lambda stretches: _p95_series(of_stretches, stretches, step),
            ),
        }  # fmt: skip

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
    of_slots: Sequence[DurationCount],
    pending: Mapping[str, int],
    p95_series: Callable[[Sequence[datetime]], list[int | None]],
) -> dict[str, Any]:
    outcomes_of = _by(outcomes, lambda count: count.slot_id)
    durations_of = _by(of_slots, lambda count: str(count.group))
    stretches = _stretches(since, until, step)
    slot_ids = sorted({*outcomes_of, *durations_of, *pending})
    return {
        "since": rfc3339(since),
        "until": rfc3339(until),
        "total": _figures(outcomes, of_slots, sum(pending.values())),
        "slots": [
            {
                "slot_id": slot_id,
                **_figures(outcomes_of[slot_id], durations_of[slot_id], pending.get(slot_id, 0)),
                "series": _series(outcomes_of[slot_id], stretches),
            }
            for slot_id in slot_ids
        ],
        "series": {
            "step_seconds": step,
            "at": [rfc3339(at) for at in stretches],
            **_series(outcomes, stretches),
            "p95_total_ms": p95_series(stretches),
        },
    }


def _step_for(length: timedelta) -> int:
    """Return how long a stretch is: an evening has tens of them, a fortnight hundreds."""
    return 900 if length <= timedelta(days=2) else 7200


def percentile(counts: Sequence[tuple[float, int]], share: float) -> float:
    """Return the value below which ``share`` of the photos lie, between neighbours in proportion.

    ``counts`` holds (milliseconds, photos), in increasing order.
    """
    last = sum(jobs for _, jobs in counts) - 1
    place = share * last
    lower, upper = _at(counts, math.floor(place)), _at(counts, math.ceil(place))
    return lower + (upper - lower) * (place - math.floor(place))


def _at(counts: Sequence[tuple[float, int]], index: int) -> float:
    passed = 0
    for ms, jobs in counts:
        passed += jobs
        if index < passed:
            return ms
    return counts[-1][0]


def _figures(
    outcomes: Iterable[OutcomeCount], durations: Iterable[DurationCount], pending: int
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
    measures = _by(durations, lambda count: count.measure)
    return {
        "jobs": {"ended": jobs, **by_status, "pending": pending},
        "success_share": _share(by_status["done"], jobs),
        "timeout_share": _share(by_status["timeout"], jobs),
        "reasons": dict(sorted(reasons.items(), key=lambda item: -item[1])),
        "total_ms": _percentiles(measures["total_ms"]),
        "provider_ms": _percentiles(measures["provider_ms"]),
        "bytes": {"input": input_bytes, "result": result_bytes},
        "cost": round(cost, 6),
    }


def _percentiles(counts: Iterable[DurationCount]) -> dict[str, int | None]:
    merged = _merged(counts)
    return {
        name: round(percentile(merged, share)) if merged else None for name, share in SHARES.items()
    }


def _merged(counts: Iterable[DurationCount]) -> list[tuple[float, int]]:
    jobs: dict[int, int] = defaultdict(int)
    sums: dict[int, float] = defaultdict(float)
    for count in counts:
        jobs[count.bucket] += count.jobs
        sums[count.bucket] += count.sum_ms
    return [(sums[bucket] / jobs[bucket], jobs[bucket]) for bucket in sorted(jobs)]


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


def _p95_series(
    durations: Iterable[DurationCount], stretches: Sequence[datetime], step: int
) -> list[int | None]:
    """Return the p95 of the longer stretch that each step of the series lies in."""
    of_stretch = _by(durations, lambda count: count.group)
    p95_of = {at: _percentiles(counts)["p95"] for at, counts in of_stretch.items()}
    return [p95_of.get(_beginning(at, step)) for at in stretches]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _by(counts: Iterable[Any], key: Any) -> defaultdict[Any, list[Any]]:
    groups: defaultdict[Any, list[Any]] = defaultdict(list)
    for count in counts:
        groups[key(count)].append(count)
    return groups
