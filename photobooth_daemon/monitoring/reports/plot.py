"""How many photos came when, as a drawing with axes that say what they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from html import escape
from math import log10

from photobooth_daemon.model.reports import EventReport, Hour
from photobooth_daemon.monitoring.reports.figures import clock_time, day, moment, number
from photobooth_daemon.monitoring.reports.words import WORDS

WIDTH, HEIGHT = 720, 200
LEFT, BOTTOM, TOP = 46, 40, 24
MOST_BARS = 200
MOST_LABELS = 12
_HATCHED = (
    '<defs><pattern id="lost" width="5" height="5" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="5" height="5"/>'
    '<line x1="0" y1="0" x2="0" y2="5"/></pattern></defs>'
)
"""What tells bars apart beside any colour that an event may have chosen."""
_QUARTER, _HOUR, _DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Series:
    """Stretches of one length without a gap, those without a photo too."""

    step: timedelta
    bars: tuple[Hour, ...]

    @property
    def counted(self) -> str:
        """Return the word for what a bar counts."""
        return {_QUARTER: "each_quarter", _HOUR: "each_hour"}.get(self.step, "each_day")

    @property
    def counts_days(self) -> bool:
        """Return whether a bar is a whole day."""
        return self.step == _DAY


def series_of(report: EventReport) -> Series:
    """Return quarters of an hour, or hours or days where those would be too many to see."""
    for step, stretches in ((_QUARTER, report.quarters), (_HOUR, report.hours)):
        span = stretches[-1].at - stretches[0].at
        if span // step < MOST_BARS:
            return Series(step, _filled(stretches, step))
    return Series(_DAY, _days(report.hours))


def busiest(series: Series) -> Hour:
    """Return the stretch in which most photos came, the first of them."""
    return max(series.bars, key=lambda bar: bar.photos)


def draw(series: Series, locale: str) -> str:
    """Return the drawing as SVG; all its words are escaped."""
    words = WORDS[locale]
    most = busiest(series).photos
    step = _nice_step(most)
    top = -(-most // step) * step
    width = (WIDTH - LEFT) / len(series.bars)
    high = HEIGHT - TOP - BOTTOM
    zero = HEIGHT - BOTTOM
    parts = []
    for value in range(0, top + 1, step):
        y = zero - high * value / top
        parts.append(
            f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(value, locale)}</text>'
        )
    every = _label_every(series)
    for index, bar in enumerate(series.bars):
        x = LEFT + index * width
        done = high * bar.done / top
        lost = high * (bar.photos - bar.done) / top
        hint = escape(f"{moment(bar.at, locale)}: {number(bar.photos, locale)}")
        inner = max(0.8, width * 0.84)
        parts.append(
            f"<g><title>{hint}</title>"
            f'<rect class="done" x="{x:.1f}" y="{zero - done:.1f}" width="{inner:.1f}"'
            f' height="{done:.1f}"/>'
            f'<rect class="lost" x="{x:.1f}" y="{zero - done - lost:.1f}" width="{inner:.1f}"'
            f' height="{lost:.1f}"/></g>'
        )
        if _begins_label(bar.at, every):
            parts.append(
                f'<line class="tick" x1="{x:.1f}" y1="{zero}" x2="{x:.1f}" y2="{zero + 4}"/>'
                f'<text x="{x:.1f}" y="{zero + 16}" text-anchor="middle">'
                f"{escape(_label(bar.at, every, locale))}</text>"
            )
    across = words["time"] if every < _DAY else words["date"]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words["plot"])}">'
        f"{_HATCHED}{''.join(parts)}"
        f'<line class="axis" x1="{LEFT}" y1="{zero}" x2="{WIDTH}" y2="{zero}"/>'
        f'<text x="0" y="12">{escape(words[series.counted])}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{escape(across)}</text>'
        f"{_legend(words)}</svg>"
    )


def _legend(words: Mapping[str, str]) -> str:
    half = WIDTH // 2
    return (
        f'<rect class="done" x="{half}" y="3" width="10" height="10"/>'
        f'<text x="{half + 15}" y="12">{escape(words["with_picture"])}</text>'
        f'<rect class="lost" x="{half + 170}" y="3" width="10" height="10"/>'
        f'<text x="{half + 185}" y="12">{escape(words["without_picture"])}</text>'
    )


def _filled(stretches: Sequence[Hour], step: timedelta) -> tuple[Hour, ...]:
    found = {stretch.at: stretch for stretch in stretches}
    first, last = stretches[0].at, stretches[-1].at
    moments = (first + step * index for index in range((last - first) // step + 1))
    return tuple(found.get(at, Hour(at, 0, 0)) for at in moments)


def _days(hours: Sequence[Hour]) -> tuple[Hour, ...]:
    """Add hours up to the machine's own days, which are not all of 24 hours."""
    first, last = (hours[index].at.astimezone().date() for index in (0, -1))
    days = {first + timedelta(days=n): [0, 0] for n in range((last - first).days + 1)}
    for hour in hours:
        counts = days[hour.at.astimezone().date()]
        counts[0] += hour.photos
        counts[1] += hour.done
    return tuple(
        Hour(datetime.combine(date, time.min).astimezone(), *counts)
        for date, counts in days.items()
    )


def _nice_step(most: int) -> int:
    """Return 1, 2 or 5 times a power of ten, so that about five lines are drawn."""
    least = max(1.0, most / 5)
    power = 10 ** int(log10(least))
    return int(next(power * n for n in (1, 2, 5, 10) if power * n >= least))


def _label_every(series: Series) -> timedelta:
    span = series.step * len(series.bars)
    for every in (_QUARTER, _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY):
        if every >= series.step and span / every <= MOST_LABELS:
            return every
    return 3 * _DAY


def _begins_label(at: datetime, every: timedelta) -> bool:
    local = at.astimezone()
    if every >= _DAY:
        return local.hour == 0 and local.minute == 0 and local.toordinal() % every.days == 0
    minutes = local.hour * 60 + local.minute
    return minutes % (every // timedelta(minutes=1)) == 0


def _label(at: datetime, every: timedelta, locale: str) -> str:
    return clock_time(at) if every < _DAY else day(at, locale).rsplit(" ", 1)[0]
