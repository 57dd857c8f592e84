"""``photoboothctl event report``: what a studio hands to its client."""

from __future__ import annotations

from typing import TextIO

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.event_lookup import find_event
from photobooth_daemon.cli.printing import print_json, say_text
from photobooth_daemon.cli.services import services
from photobooth_daemon.monitoring.reports.csv_form import render_csv
from photobooth_daemon.monitoring.reports.json_form import story_json
from photobooth_daemon.monitoring.reports.text import render_text
from photobooth_daemon.monitoring.reports.words import LOCALES


@click.command()
@click.argument("event_name", metavar="EVENT")
@click.option("--locale", type=click.Choice(LOCALES), help="[default: the event's, or the setting]")
@click.option("--no-cost", is_flag=True, help="Say nothing of money.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for spreadsheets.")
@click.option(
    "--html",
    "html_file",
    # At once: reading the configuration gives up root, and with it the caller's directories.
    type=click.File("w", encoding="utf-8", lazy=False),
    help="Write a page to print, with pictures, into this file.",
)
@click.pass_obj
@run_async
async def report(
    installation: Installation,
    event_name: str,
    locale: str | None,
    no_cost: bool,
    as_json: bool,
    as_csv: bool,
    html_file: TextIO | None,
) -> None:
    """Tell how an event went, as its report does: outcomes, causes, cost, changes."""
    cost = not no_cost
    async with services(installation) as here:
        found = (await find_event(here, event_name)).event
        settings = await here.administration.setting_repository.get()
        language = locale or (
            found.guest.locale if found.guest.locale in LOCALES else settings.values.locale
        )
        if html_file is not None:
            story = await here.evening.event_reports.illustrated(found)
        else:
            story = await here.evening.event_reports.figures(found)
    if html_file is not None:
        from photobooth_daemon.monitoring.reports.page import render_page

        html_file.write(render_page(story.report, language, story=story, cost=cost))
    elif as_json:
        print_json(story_json(story, cost=cost))
    elif as_csv:
        say_text(render_csv(story.report, language, cost=cost), nl=False)
    else:
        say_text(render_text(story.report, language, story=story, cost=cost))
