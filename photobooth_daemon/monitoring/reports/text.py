"""The report as plain text, for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from photobooth_daemon.model.reports import EventReport, EventStory
from photobooth_daemon.monitoring.reports.figures import moment_within, stretch
from photobooth_daemon.monitoring.reports.tables import (
    busiest_line,
    headline,
    measures,
    summary,
    tables,
)
from photobooth_daemon.monitoring.reports.words import WORDS


def render_text(
    report: EventReport, locale: str, *, story: EventStory | None = None, cost: bool = True
) -> str:
    """Return the whole report, with what only an event's own has."""
    words = WORDS[locale]
    title = words["title"] if story is None else story.event.title()
    lines = [f"{title}: {stretch(report.since, report.until, locale)}", ""]
    if not report.photos:
        return "\n".join([*lines, words["nothing"]])
    lines += [f"{headline(report, locale)}.", busiest_line(report, locale), ""]
    lines += _aligned((words[key], value) for key, value in summary(report, locale, cost=cost))
    for table in tables(report, locale, cost=cost):
        lines += ["", table.title, *_table(table.head, table.rows)]
        if table.key == "causes":
            lines += measures(report, locale)
    if story is not None and story.overrides:
        lines += ["", words["overrides"]]
        for change in story.overrides:
            at = moment_within(change.at, report.since, report.until, locale)
            lines.append(f"{at}  {change.subject or words[change.kind]}: {change.reason}")
    return "\n".join(lines)


def _aligned(pairs: Iterable[tuple[str, str]]) -> list[str]:
    known = list(pairs)
    width = max(len(name) for name, _ in known)
    return [f"{name.ljust(width)}  {value}" for name, value in known]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]
