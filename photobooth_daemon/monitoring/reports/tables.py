"""The report's figures and tables in words, for every form it is given in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from photobooth_daemon.model.reports import EventReport
from photobooth_daemon.monitoring.reports.figures import (
    clock_time,
    counted,
    day,
    moment_within,
    money,
    number,
    percent,
    seconds,
    size,
)
from photobooth_daemon.monitoring.reports.plot import busiest, series_of
from photobooth_daemon.monitoring.reports.words import (
    PHOTOS,
    SECONDS,
    STATUSES,
    WORDS,
    cause_of,
    provider_name,
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``texts`` says how many columns at its left are words, the rest are numbers."""

    key: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1


def headline(report: EventReport, locale: str) -> str:
    """Return the evening in one line: how many, how quick, how many got their picture."""
    words = WORDS[locale]
    parts = [counted(report.photos, PHOTOS[locale], locale)]
    if report.ready_p90_ms is not None:
        took = counted(max(1, ceil(report.ready_p90_ms / 1000)), SECONDS[locale], locale)
        parts.append(words["ready"].format(seconds=took))
    if report.with_picture == report.photos:
        parts.append(words["all_done"])
    elif report.success_percent is not None:
        parts.append(words["share_done"].format(percent=percent(report.success_percent, locale)))
    return ", ".join(parts)


def busiest_line(report: EventReport, locale: str) -> str:
    """Return when most photos came."""
    series, words = series_of(report), WORDS[locale]
    bar = busiest(series)
    photos = counted(bar.photos, PHOTOS[locale], locale)
    if series.counts_days:
        return words["busiest_day"].format(day=day(bar.at, locale), photos=photos)
    return words["busiest"].format(
        from_=moment_within(bar.at, report.since, report.until, locale),
        to=clock_time(bar.at + series.step),
        photos=photos,
    )


def measures(report: EventReport, locale: str) -> list[str]:
    """Return what was done for photos that got no picture, a sentence each."""
    words = WORDS[locale]
    return [
        words[key].format(photos=counted(photos, PHOTOS[locale], locale))
        for key, photos in (("fallbacks", report.fallbacks), ("made_again", report.made_again))
        if photos
    ]


def summary(report: EventReport, locale: str, *, cost: bool = True) -> list[tuple[str, str]]:
    """Return the figures of the whole event: the key of each word, and its value."""
    figures = [
        ("photos", number(report.photos, locale)),
        ("done", number(report.done, locale)),
        ("timeouts", number(report.timeouts, locale)),
        ("failures", number(report.failures, locale)),
        ("success", percent(report.success_percent, locale)),
        ("p50", seconds(report.total.p50_ms, locale)),
        ("p95", seconds(report.total.p95_ms, locale)),
        ("longest", seconds(report.total.longest_ms, locale)),
        ("provider_p95", seconds(report.provider.p95_ms, locale)),
        ("received", size(report.received_bytes, locale)),
        ("results", size(report.result_bytes, locale)),
    ]
    if cost:
        figures.append(("cost", money(report.cost, locale)))
    more = [("pending", report.pending), ("made_later", report.made_again)]
    figures[4:4] = [(key, number(photos, locale)) for key, photos in more if photos]
    return figures


def tables(report: EventReport, locale: str, *, cost: bool = True) -> list[Table]:
    """Return the report's tables; empty ones are left out."""
    words = WORDS[locale]
    names = {slot.slot_id: slot.display_name for slot in report.slots}
    found = [
        _table(
            words,
            "slots",
            ("slot", "photos", "done", "timeouts", "failures", "p95"),
            [
                (
                    slot.display_name,
                    *(
                        number(n, locale)
                        for n in (slot.photos, slot.done, slot.timeouts, slot.failures)
                    ),
                    seconds(slot.p95_ms, locale),
                )
                for slot in report.slots
            ],
            [money(slot.cost, locale) for slot in report.slots] if cost else None,
        ),
        _table(
            words,
            "causes",
            ("cause", "photos"),
            [(cause, number(photos, locale)) for cause, photos in _causes(report, locale)],
        ),
        _table(
            words,
            "providers",
            ("provider", "photos", "attempts"),
            [
                (
                    provider_name(line.provider, locale),
                    number(line.photos, locale),
                    number(line.attempts, locale),
                )
                for line in report.providers
            ],
            [money(line.cost, locale) for line in report.providers] if cost else None,
        ),
        _table(
            words,
            "slowest",
            ("started", "slot", "status", "provider", "total"),
            [
                (
                    moment_within(photo.started_at, report.since, report.until, locale),
                    names[photo.slot_id],
                    STATUSES[locale][photo.status],
                    f"{provider_name(photo.provider, locale)} {seconds(photo.provider_ms, locale)}",
                    seconds(photo.total_ms, locale),
                )
                for photo in report.slowest
            ],
            texts=4,
        ),
    ]
    return [table for table in found if table.rows]


def _table(
    words: Mapping[str, str],
    key: str,
    head: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    costs: Sequence[str] | None = None,
    texts: int = 1,
) -> Table:
    heading = tuple(words[column] for column in head)
    if costs is None:
        return Table(key, words[key], heading, tuple(rows), texts)
    with_cost = tuple((*row, cost) for row, cost in zip(rows, costs, strict=True))
    return Table(key, words[key], (*heading, words["cost"]), with_cost, texts)


def _causes(report: EventReport, locale: str) -> list[tuple[str, int]]:
    """Return the causes in words, those that read alike together, the commonest first."""
    photos: Counter[str] = Counter()
    for cause in report.causes:
        photos[cause_of(cause.code, locale)] += cause.photos
    return photos.most_common()
