"""The report as plain text, for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from photobooth_daemon.model.reports import EventReport
from photobooth_daemon.monitoring.reports.words import WORDS, megabytes, moment, percent, seconds


def render_text(report: EventReport, locale: str) -> str:
    """Return the whole report."""
    words = WORDS[locale]
    lines = [f"{words['title']}: {moment(report.since)} – {moment(report.until)}", ""]
    if not report.photos:
        return "\n".join([*lines, words["nothing"]])
    lines += _aligned((words[key], value) for key, value in summary(report))
    for title, head, rows in tables(report, locale):
        lines += ["", title, *_table(head, rows)]
    return "\n".join(lines)


def summary(report: EventReport) -> list[tuple[str, str]]:
    """Return the figures of the whole event: the key of each word, and its value."""
    figures = [
        ("photos", str(report.photos)),
        ("done", str(report.done)),
        ("timeouts", str(report.timeouts)),
        ("failures", str(report.failures)),
        ("success", percent(report.success_percent)),
        ("p50", seconds(report.total.p50_ms)),
        ("p95", seconds(report.total.p95_ms)),
        ("longest", seconds(report.total.longest_ms)),
        ("provider_p95", seconds(report.provider.p95_ms)),
        ("received", megabytes(report.received_bytes)),
        ("results", megabytes(report.result_bytes)),
        ("cost", f"{report.cost:.2f}"),
    ]
    if report.pending:
        figures.insert(4, ("pending", str(report.pending)))
    return figures


def tables(report: EventReport, locale: str) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return the report's tables: a title, the headings, the rows; empty ones are left out."""
    words = WORDS[locale]
    found = [
        (
            words["slots"],
            [words[k] for k in ("slot", "photos", "done", "timeouts", "failures", "p95", "cost")],
            [
                [
                    f"{slot.slot_id} {slot.display_name}",
                    *(str(n) for n in (slot.photos, slot.done, slot.timeouts, slot.failures)),
                    seconds(slot.p95_ms),
                    f"{slot.cost:.2f}",
                ]
                for slot in report.slots
            ],
        ),
        (
            words["causes"],
            [words["cause"], words["photos"]],
            [[f"{cause.status}: {cause.code}", str(cause.photos)] for cause in report.causes],
        ),
        (
            words["providers"],
            [words[k] for k in ("provider", "photos", "attempts", "cost")],
            [
                [line.provider, str(line.photos), str(line.attempts), f"{line.cost:.2f}"]
                for line in report.providers
            ],
        ),
        (
            words["slowest"],
            [words[k] for k in ("started", "slot", "status", "provider", "total")] + ["job_id"],
            [
                [
                    moment(photo.started_at),
                    photo.slot_id,
                    photo.status,
                    f"{photo.provider or '–'} {seconds(photo.provider_ms)}",
                    seconds(photo.total_ms),
                    str(photo.job_id),
                ]
                for photo in report.slowest
            ],
        ),
    ]
    return [table for table in found if table[2]]


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
