"""How long photos took: percentiles of counted durations, or of an event's own."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from photobooth_daemon.repositories.event_stats import EventDurations
from photobooth_daemon.repositories.stats import DurationCount

SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
MEASURES = ("total_ms", "provider_ms")

Key = TypeVar("Key", bound=Hashable)
Count = TypeVar("Count")
Percentiles = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Durations:
    """Percentiles by measure, in all and by slot, and the p95 of each stretch."""

    total: Mapping[str, Percentiles]
    slots: Mapping[str, Mapping[str, Percentiles]]
    p95_of_stretch: Mapping[datetime, int | None]
    stretch_seconds: int

    def of_slot(self, slot_id: str) -> Mapping[str, Percentiles]:
        """Return a slot's; one without a photo has none."""
        return self.slots.get(slot_id) or dict.fromkeys(MEASURES, _NONE)


def durations_of_window(
    of_slots: Sequence[DurationCount], of_stretches: Iterable[DurationCount], stretch_seconds: int
) -> Durations:
    """Return the percentiles of durations that were counted as photos ended."""
    stretches = grouped(of_stretches, lambda count: count.group)
    return Durations(
        total=_of_measures(of_slots),
        slots={
            str(slot_id): _of_measures(counts)
            for slot_id, counts in grouped(of_slots, lambda count: count.group).items()
        },
        p95_of_stretch={
            at: _percentiles(counts)["p95"]
            for at, counts in stretches.items()
            if isinstance(at, datetime)
        },
        stretch_seconds=stretch_seconds,
    )


def durations_of_event(rows: Iterable[EventDurations], stretch_seconds: int) -> Durations:
    """Return an event's, which PostgreSQL has reckoned."""
    total: Mapping[str, Percentiles] = dict.fromkeys(MEASURES, _NONE)
    slots, stretches = {}, {}
    for row in rows:
        found = {name: _named(getattr(row, name)) for name in MEASURES}
        if row.slot_id is not None:
            slots[row.slot_id] = found
        elif row.stretch_at is not None:
            stretches[row.stretch_at] = found["total_ms"]["p95"]
        else:
            total = found
    return Durations(total, slots, stretches, stretch_seconds)


def grouped(counts: Iterable[Count], key: Callable[[Count], Key]) -> defaultdict[Key, list[Count]]:
    """Return the counts of each key."""
    groups: defaultdict[Key, list[Count]] = defaultdict(list)
    for count in counts:
        groups[key(count)].append(count)
    return groups


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


def _of_measures(counts: Iterable[DurationCount]) -> Mapping[str, Percentiles]:
    measures = grouped(counts, lambda count: count.measure)
    return {name: _percentiles(measures[name]) for name in MEASURES}


def _percentiles(counts: Iterable[DurationCount]) -> Percentiles:
    merged = _merged(counts)
    return _named([percentile(merged, share) for share in SHARES.values()] if merged else None)


def _named(values: Sequence[float] | None) -> Percentiles:
    if values is None:
        return _NONE
    return {name: round(value) for name, value in zip(SHARES, values, strict=True)}


def _merged(counts: Iterable[DurationCount]) -> list[tuple[float, int]]:
    jobs: dict[int, int] = defaultdict(int)
    sums: dict[int, float] = defaultdict(float)
    for count in counts:
        jobs[count.bucket] += count.jobs
        sums[count.bucket] += count.sum_ms
    return [(sums[bucket] / jobs[bucket], jobs[bucket]) for bucket in sorted(jobs)]


_NONE: Percentiles = dict.fromkeys(SHARES)
