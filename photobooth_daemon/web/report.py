"""``/api/report``: how an event went, as JSON, as text, or as a page to print."""

from __future__ import annotations

from dataclasses import asdict
from datetime import MAXYEAR, MINYEAR, timedelta
from typing import Any

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import InvalidRequest
from photobooth_daemon.model.reports import EventReport
from photobooth_daemon.monitoring.reports.page import PAGE_CSP, render_page
from photobooth_daemon.monitoring.reports.text import render_text
from photobooth_daemon.monitoring.reports.words import LOCALES
from photobooth_daemon.repositories.event_report import EventReportRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.web.handler import Handler
from photobooth_daemon.web.paging import read_choice, read_instant

FORMATS = ("json", "text", "html")
DEFAULT_SPAN = timedelta(hours=24)
LONGEST_SPAN = timedelta(days=31)


class ReportHandler(Handler):
    """The report of the last day, or of the time that is asked for."""

    permission = "stats:read"

    def initialize(
        self,
        *,
        reports: EventReportRepository,
        settings: SettingsRepository,
        clock: Clock,
        **base: Any,
    ) -> None:
        """Take what the report is made from."""
        super().initialize(**base)
        self._reports = reports
        self._settings = settings
        self._clock = clock

    async def get(self) -> None:
        """Answer in the format that ``?format=`` names; ``?locale=`` is for text and page."""
        style = read_choice(self, "format", FORMATS) or "json"
        locale = read_choice(self, "locale", LOCALES)
        until = read_instant(self, "until") or self._clock.utcnow()
        if not MINYEAR < until.year < MAXYEAR:
            # Neither the day before it nor its local time need exist.
            raise InvalidRequest("The calendar ends around until.")
        since = read_instant(self, "since") or until - DEFAULT_SPAN
        if not timedelta() <= until - since <= LONGEST_SPAN:
            raise InvalidRequest("since comes before until, by at most 31 days.")
        report = await self._reports.read(since, until)
        if style == "json":
            self.write_json(report_json(report))
            return
        locale = locale or (await self._settings.get()).values.locale
        if style == "text":
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.write(render_text(report, locale) + "\n")
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", PAGE_CSP)
        self.write(render_page(report, locale))


def report_json(report: EventReport) -> dict[str, Any]:
    """Return a report as the API gives it."""
    return {**asdict(report), "success_percent": report.success_percent}
