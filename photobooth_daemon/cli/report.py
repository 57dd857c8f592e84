"""``photoboothctl report``: how the photos of a time went, whatever they were for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TextIO

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.durations import instant_of, parse_instant
from photobooth_daemon.cli.printing import print_json, say_text
from photobooth_daemon.monitoring.reports.json_form import report_json
from photobooth_daemon.monitoring.reports.text import render_text
from photobooth_daemon.monitoring.reports.words import LOCALES


@click.command()
@click.option("--since", type=parse_instant, default="24h", help="Such as 12h or 2026-11-22T18:00.")
@click.option("--until", type=parse_instant, help="[default: now]")
@click.option("--locale", type=click.Choice(LOCALES), help="[default: the setting]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--html",
    "html_file",
    # At once: reading the configuration gives up root, and with it the caller's directories.
    type=click.File("w", encoding="utf-8", lazy=False),
    help="Write a page to print into this file.",
)
@click.pass_obj
@run_async
async def report(
    installation: Installation,
    since: datetime | timedelta,
    until: datetime | timedelta | None,
    locale: str | None,
    as_json: bool,
    html_file: TextIO | None,
) -> None:
    """Tell how the photos of a time went: outcomes, causes, durations, cost, the slowest."""
    from photobooth_daemon.monitoring.reports.page import render_page
    from photobooth_daemon.repositories.event_report import EventReportRepository
    from photobooth_daemon.repositories.settings import SettingsRepository

    now = installation.clock.utcnow()
    end = now if until is None else instant_of(until, now)
    begin = instant_of(since, now)
    if begin > end:
        raise click.UsageError("--since comes before --until.")
    async with installation.database() as database:
        found = await EventReportRepository(database).read(begin, end)
        language = locale or (await SettingsRepository(database).get()).values.locale
    if html_file is not None:
        html_file.write(render_page(found, language))
    elif as_json:
        print_json(report_json(found))
    else:
        say_text(render_text(found, language))
