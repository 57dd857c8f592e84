"""``photoboothctl alert``: what is wrong now, is anyone told, and when to be quiet."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from datetime import timedelta

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.durations import parse_length
from photobooth_daemon.cli.printing import print_json_line, say
from photobooth_daemon.cli.services import services
from photobooth_daemon.clock import rfc3339
from photobooth_daemon.config.start_up import AlertsConfig
from photobooth_daemon.config.told import installation_name
from photobooth_daemon.errors import PhotoboothError
from photobooth_daemon.model import Settings
from photobooth_daemon.monitoring.alerts.texts import summary_of

EXIT_NOBODY_TOLD = 1


@click.group()
def alert() -> None:
    """See what is wrong, test the notifications, keep them quiet."""


@alert.command()
@click.pass_obj
@run_async
async def test(installation: Installation) -> None:
    """Send a test message through every configured channel."""
    import aiohttp

    from photobooth_daemon.monitoring.alerts.channels import build_channels
    from photobooth_daemon.monitoring.alerts.trial import send_test

    here = await _settings(installation)
    async with aiohttp.ClientSession() as session:
        told = await send_test(
            build_channels(here.alerts, session),
            installation_name(here.public_url),
            installation.clock.utcnow(),
            here.locale,
        )
    for one in told:
        say(
            f"{one.channel}: sent" if one.error is None else f"{one.channel}: not sent: {one.error}"
        )
    if not told:
        say("No channel is set up: see Settings in the browser, or [alerts] in the file.", err=True)
    if not told or any(one.error is not None for one in told):
        sys.exit(EXIT_NOBODY_TOLD)


@alert.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def list_(installation: Installation, as_json: bool) -> None:
    """Show the alerts that people were told of and that are not over, and maintenance windows."""
    from photobooth_daemon.repositories.alerts import AlertRepository

    locale = (await _settings(installation)).locale
    async with installation.database() as database:
        repository = AlertRepository(database)
        entries = await repository.list_announced()
        windows = await repository.list_windows(installation.clock.utcnow())
    if as_json:
        alerts = [
            {
                "name": entry.condition.name,
                "subject": entry.condition.subject,
                "since": rfc3339(entry.since),
                "summary": summary_of(entry.condition, locale),
            }
            for entry in entries
        ]
        shown = [
            {**asdict(w), "starts_at": rfc3339(w.starts_at), "ends_at": rfc3339(w.ends_at)}
            for w in windows
        ]
        print_json_line({"alerts": alerts, "maintenance": shown})
        return
    for entry in entries:
        since = f"{entry.since.astimezone():%d.%m. %H:%M}"
        say(f"{since}  {entry.condition.name}  {summary_of(entry.condition, locale)}")
    if not entries:
        say("Nothing is wrong.")
    for window in windows:
        starts, ends = window.starts_at.astimezone(), window.ends_at.astimezone()
        say(
            f"quiet from {starts:%d.%m. %H:%M} to {ends:%d.%m. %H:%M} "
            f"({window.opened_by}: {window.reason})"
        )


@alert.command()
@click.option("--for", "length", type=parse_length, help="How long alerts stay quiet, such as 2h.")
@click.option("--after", type=parse_length, help="Begin that much later [default: now].")
@click.option("--reason", default="", help="What is being done.")
@click.option("--end", is_flag=True, help="End every window now.")
@click.pass_obj
@run_async
async def maintenance(
    installation: Installation,
    length: timedelta | None,
    after: timedelta | None,
    reason: str,
    end: bool,
) -> None:
    """Keep alerts quiet for a while; what still holds afterwards is told then."""
    from photobooth_daemon.repositories.alerts import AlertRepository

    if end == (length is not None):
        raise click.UsageError("Say either --for how long, or --end.")
    async with installation.database() as database:
        repository = AlertRepository(database)
        now = installation.clock.utcnow()
        if length is None:
            async with database.transaction() as connection:
                count = await repository.close_windows(connection, now)
            say(f"Ended {count} maintenance window(s).")
            return
        starts_at = now + (after or timedelta())
        await repository.open_window(starts_at, starts_at + length, reason, installation.actor)
        say(f"Alerts are quiet until {(starts_at + length).astimezone():%d.%m. %H:%M}.")


@dataclass(frozen=True, slots=True)
class _Settings:
    """In which language and whom to tell, and what this installation is called by."""

    locale: str
    public_url: str | None
    alerts: AlertsConfig


async def _settings(installation: Installation) -> _Settings:
    """Return what holds; a test message does not need the database."""
    from photobooth_daemon.app.upkeep import build_alert_channels

    config = installation.config
    try:
        async with services(installation) as here:
            state = await here.administration.settings.get()
            channels = build_alert_channels(here.foundation, here.administration)
            await channels.keep_up()
            address = here.administration.public_address.url
            return _Settings(state.values.locale, address, channels.config)
    except PhotoboothError:
        return _Settings(Settings().locale, config.server.public_url, config.alerts)
