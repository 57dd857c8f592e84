"""The report as a table for a spreadsheet: a line for each booth, and one for all."""

from __future__ import annotations

from photobooth_daemon.model.csv_text import csv_text
from photobooth_daemon.model.reports import EventReport
from photobooth_daemon.monitoring.reports.words import WORDS

_BYTE_ORDER_MARK = "\ufeff"
"""Without it spreadsheets take Cyrillic letters for something else."""
_COUNTS = ("photos", "done", "timeouts", "failures")


def render_csv(report: EventReport, locale: str, *, cost: bool = True) -> str:
    """Return the figures as numbers that a spreadsheet adds up; durations are in seconds."""
    words = WORDS[locale]
    rows: list[list[object]] = [
        [words["slot"], *(words[key] for key in _COUNTS), words["p95"], words["cost"]]
    ]
    rows += [
        [
            slot.display_name,
            *(getattr(slot, key) for key in _COUNTS),
            _seconds(slot.p95_ms),
            round(slot.cost, 4),
        ]
        for slot in report.slots
    ]
    rows.append(
        [
            words["total"],
            *(getattr(report, key) for key in _COUNTS),
            _seconds(report.total.p95_ms),
            round(report.cost, 4),
        ]
    )
    return _BYTE_ORDER_MARK + csv_text(row if cost else row[:-1] for row in rows)


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else round(ms / 1000, 1)
