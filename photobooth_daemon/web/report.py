"""``/api/report`` and ``…/report`` of an event: how it went, as data, text, or a page to print."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, timedelta

from photobooth_daemon.administration.events import EventService
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import EventNotFound, InvalidRequest
from photobooth_daemon.monitoring.reports.csv_form import render_csv
from photobooth_daemon.monitoring.reports.event import EventReports
from photobooth_daemon.monitoring.reports.json_form import report_json, story_json
from photobooth_daemon.monitoring.reports.page import PAGE_CSP, render_page
from photobooth_daemon.monitoring.reports.text import render_text
from photobooth_daemon.monitoring.reports.words import LOCALES
from photobooth_daemon.repositories.event_report import EventReportRepository
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.web.accept import preferred
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paging import read_choice, read_flag, read_instant

TYPES = {
    "json": "application/json",
    "html": "text/html",
    "text": "text/plain",
    "csv": "text/csv",
}
FORMS = {kind: form for form, kind in TYPES.items()}
DEFAULT_SPAN = timedelta(hours=24)
LONGEST_SPAN = timedelta(days=31)


class _ReportHandler(Handler):
    """Answers with a report in words."""

    def initialize(self, base: Base, *, settings: SettingsRepository) -> None:
        super().initialize(base)
        self._settings = settings

    async def locale_or(self, own: str | None) -> str:
        """Return the language that was asked for, else ``own``, else that of the settings."""
        asked = read_choice(self, "locale", LOCALES) or (own if own in LOCALES else None)
        return asked or (await self._settings.get()).values.locale

    def write_words(self, form: str, text: str) -> None:
        """Answer with a page, a text or a table."""
        self.set_header("Content-Type", f"{TYPES[form]}; charset=utf-8")
        if form == "html":
            self.set_header("Content-Security-Policy", PAGE_CSP)
        self.write(text)


class ReportHandler(_ReportHandler):
    """The report of the last day, or of the time that is asked for."""

    permission = "stats:read"

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self,
        base: Base,
        *,
        settings: SettingsRepository,
        reports: EventReportRepository,
        clock: Clock,
    ) -> None:
        """Take what the report is made from."""
        super().initialize(base, settings=settings)
        self._reports = reports
        self._clock = clock

    @unless_refused
    async def get(self) -> None:
        """Answer in the form that ``?format=`` names; ``?locale=`` is for text and page."""
        form = read_choice(self, "format", list(TYPES)) or "json"
        until = read_instant(self, "until") or self._clock.utcnow()
        if not MINYEAR < until.year < MAXYEAR:
            # Neither the day before it nor its local time need exist.
            raise InvalidRequest("The calendar ends around until.")
        since = read_instant(self, "since") or until - DEFAULT_SPAN
        if not timedelta() <= until - since <= LONGEST_SPAN:
            raise InvalidRequest("since comes before until, by at most 31 days.")
        locale = await self.locale_or(None)
        report = await self._reports.read(since, until)
        if form == "json":
            self.write_json(report_json(report))
        elif form == "text":
            self.write_words(form, render_text(report, locale) + "\n")
        elif form == "csv":
            self.write_words(form, render_csv(report, locale))
        else:
            self.write_words(form, render_page(report, locale, back="/#/stats"))


class EventReportHandler(_ReportHandler):
    """An event's own report: what a studio hands to its client."""

    permission = "events:read"

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self,
        base: Base,
        *,
        settings: SettingsRepository,
        events: EventService,
        reports: EventReports,
    ) -> None:
        """Take the events, and what puts their reports together."""
        super().initialize(base, settings=settings)
        self._events = events
        self._reports = reports

    @unless_refused
    async def get(self, event_id: str) -> None:
        """Answer in the form that ``?format=`` names or ``Accept`` prefers; ``cost=0`` hides it."""
        form = read_choice(self, "format", list(TYPES))
        form = form or preferred(self.request.headers.get("Accept", ""), FORMS, "json")
        self.set_header("Vary", "Accept")
        cost = read_flag(self, "cost", default=True)
        event = (await self._events.get(self.path_uuid(event_id, EventNotFound))).event
        locale = await self.locale_or(event.guest.locale)
        if form == "html":
            story = await self._reports.illustrated(event)
            back = f"/#/events/{event.event_id}"
            page = render_page(story.report, locale, story=story, cost=cost, back=back)
            self.write_words(form, page)
            return
        story = await self._reports.figures(event)
        if form == "json":
            self.write_json(story_json(story, cost=cost))
        elif form == "text":
            text = render_text(story.report, locale, story=story, cost=cost)
            self.write_words(form, text + "\n")
        else:
            self.write_words(form, render_csv(story.report, locale, cost=cost))
