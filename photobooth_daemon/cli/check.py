"""``photoboothctl check``: is it ready for tonight's event?"""

from __future__ import annotations

import sys

import click

from photobooth_daemon.app.failures import EXIT_UNAVAILABLE, run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import print_json, say
from photobooth_daemon.errors import DatabaseUnavailable, SchemaMismatch, UnsuitablePooler
from photobooth_daemon.model import Settings
from photobooth_daemon.monitoring.readiness.model import ReadinessReport, State, fault
from photobooth_daemon.monitoring.readiness.texts import cure_text, found_text, title_text

EXIT_NOT_READY = 1
MARKS = {
    State.OK: click.style("✔", fg="green"),
    State.WARNING: click.style("!", fg="yellow"),
    State.FAULT: click.style("✘", fg="red"),
}
VERDICTS = {
    True: {"en": "Ready.", "ru": "Всё готово."},
    False: {"en": "Not ready.", "ru": "Не готово."},
}


@click.command()
@click.option(
    "--live", is_flag=True, help="Send a photo through each slot that is on; it may cost money."
)
@click.option("--locale", type=click.Choice(["ru", "en"]), help="[default: the setting]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, in both languages.")
@click.pass_obj
@run_async
async def check(installation: Installation, live: bool, locale: str | None, as_json: bool) -> None:
    """Look whether everything is ready for tonight, and name the cure for what is not.

    The exit status is 0 when it is, 1 when something has to be mended, 3
    without a database. Warnings do not count.
    """
    try:
        report, language = await _look(installation, live)
    except UnsuitablePooler:
        report = ReadinessReport(installation.clock.utcnow(), live, (fault("database", "pooler"),))
        _show(report, locale or Settings().locale, as_json)
        sys.exit(EXIT_NOT_READY)
    except (DatabaseUnavailable, SchemaMismatch) as error:
        finding = fault("database", "database_unavailable", detail=error.detail)
        report = ReadinessReport(installation.clock.utcnow(), live, (finding,))
        _show(report, locale or Settings().locale, as_json)
        sys.exit(EXIT_UNAVAILABLE)
    _show(report, locale or language, as_json)
    if not report.ready:
        sys.exit(EXIT_NOT_READY)


async def _look(installation: Installation, live: bool) -> tuple[ReadinessReport, str]:
    from photobooth_daemon.app.build import build
    from photobooth_daemon.repositories.settings import SettingsRepository

    async with installation.database() as database:
        app = await build(installation.config, database, clock=installation.clock)
        try:
            language = (await SettingsRepository(database).get()).values.locale
            return await app.readiness.check(live=live), language
        finally:
            await app.close()


def _show(report: ReadinessReport, locale: str, as_json: bool) -> None:
    if as_json:
        from photobooth_daemon.monitoring.readiness.json_form import report_json

        print_json(report_json(report))
        return
    width = max(len(title_text(finding, locale)) for finding in report.findings)
    for finding in report.findings:
        title = title_text(finding, locale).ljust(width)
        say(f"{MARKS[finding.state]} {title}  {found_text(finding, locale)}")
        cure = cure_text(finding, locale)
        if cure is not None:
            say(f"  {' ' * width}  → {cure}")
    say(VERDICTS[report.ready][locale])
