"""The report as one HTML page that prints well: no script, nothing fetched."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from tornado.template import Template

from photobooth_daemon.model.events import GuestLook
from photobooth_daemon.model.reports import EventReport, EventStory
from photobooth_daemon.monitoring.reports.figures import moment_within, stretch
from photobooth_daemon.monitoring.reports.plot import draw, series_of
from photobooth_daemon.monitoring.reports.tables import (
    busiest_line,
    headline,
    measures,
    summary,
    tables,
)
from photobooth_daemon.monitoring.reports.words import WORDS

PAGE_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def render_page(
    report: EventReport,
    locale: str,
    *,
    story: EventStory | None = None,
    cost: bool = True,
    back: str | None = None,
) -> str:
    """Return the whole page; every value in it is escaped.

    ``story`` has what only an event's own report shows, ``back`` is where administrators go on.
    """
    words = WORDS[locale]
    page: bytes = _template().generate(
        locale=locale,
        words=words,
        report=report,
        story=story,
        back=back,
        title=words["title"] if story is None else story.event.title(),
        accent=GuestLook().accent if story is None else story.event.guest.accent,
        when=stretch(report.since, report.until, locale),
        headline=headline(report, locale) if report.photos else "",
        busiest=busiest_line(report, locale) if report.photos else "",
        plot=draw(series_of(report), locale) if report.photos else "",
        summary=summary(report, locale, cost=cost),
        tables=tables(report, locale, cost=cost),
        measures=measures(report, locale),
        time_of=lambda at: moment_within(at, report.since, report.until, locale),
    )
    return page.decode("utf-8")


@cache
def _template() -> Template:
    source = files("photobooth_daemon.monitoring.reports") / "page.html"
    return Template(source.read_text("utf-8"), name="page.html", whitespace="all")
