"""``photoboothctl event``: the evenings, planned, changed and put away."""

from __future__ import annotations

from typing import TextIO

import click

from photobooth_daemon.app.failures import EXIT_FAILED, run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.assignments import read_document
from photobooth_daemon.cli.event_arguments import read_event
from photobooth_daemon.cli.event_evening import archive, rerun, results, retention
from photobooth_daemon.cli.event_lookup import find_event
from photobooth_daemon.cli.event_report import report
from photobooth_daemon.cli.event_views import event_fields, event_json, local, slots_text
from photobooth_daemon.cli.printing import print_fields, print_json, print_table, say
from photobooth_daemon.cli.services import services
from photobooth_daemon.cli.settings import expected

NEW = "new"
MAX_LIMIT = 1000


@click.group()
def event() -> None:
    """Plan, change, look at and put away events: evenings with a name, a time and slots.

    EVENT is an event's name, its id, or the beginning of the id.
    """


for command in (results, archive, report, rerun, retention):
    event.add_command(command)


@event.command(name="list")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def list_events(installation: Installation, limit: int, as_json: bool) -> None:
    """List events, those that begin last first; times are this machine's."""
    async with services(installation) as here:
        found = await here.administration.events.list_newest(None, limit)
        shown = [event_json(here, one) for one in found]
    if as_json:
        print_json(shown)
        return
    print_table(
        ["NAME", "STATE", "STARTS", "ENDS", "SLOTS", "PHOTOS", "DONE", "FAILED", "ID"],
        [
            [
                one.event.name,
                view["state"],
                local(one.event.starts_at),
                local(one.event.ends_at),
                slots_text(one.event.slot_ids),
                one.counts.photos,
                one.counts.done,
                one.counts.failed + one.counts.timeout,
                str(one.event.event_id)[:8],
            ]
            for one, view in zip(found, shown, strict=True)
        ],
    )


@event.command()
@click.argument("event_name", metavar="EVENT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as `event set --file` takes it.")
@click.pass_obj
@run_async
async def show(installation: Installation, event_name: str, as_json: bool) -> None:
    """Print everything about an event; times are this machine's, in JSON UTC."""
    async with services(installation) as here:
        found = await find_event(here, event_name)
        shown = event_json(here, found)
    if as_json:
        print_json(shown)
    else:
        print_fields(event_fields(shown, found.event))


@event.command(name="set")
@click.argument("event_name", metavar="EVENT|new")
@click.argument("assignments", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--file", type=click.File(encoding="utf-8"), help="A JSON document; - for stdin.")
@click.option("--version", type=int, help="Only if this is still the version.")
@click.option("--json", "as_json", is_flag=True, help="Print the event as JSON.")
@click.pass_obj
@run_async
async def set_values(
    installation: Installation,
    event_name: str,
    assignments: tuple[str, ...],
    file: TextIO | None,
    version: int | None,
    as_json: bool,
) -> None:
    """Change an event, or plan a new one.

    Times are local: "2026-11-28 18:00", 18:00 (today) or RFC 3339; an end of 02:00 is the next one.
    Slots are all, or such as 1,3 and slot-001,slot-003. Dots reach inside:
    photoboothctl event set new name="Anna and Boris" starts=18:00 ends=02:00 slots=1,2
    gallery.enabled=true gallery.pin=2468 keep_originals=failed
    """
    is_new = event_name.lower() == NEW
    document = {} if file is None else read_document(file)
    async with services(installation) as here:
        before = None if is_new else await find_event(here, event_name)
        changes = read_event(
            document, assignments, installation.clock.utcnow(), before.event if before else None
        )
        if not changes:
            raise click.UsageError("say what to change: KEY=VALUE, or --file")
        events = here.administration.events
        if before is None:
            found = await events.create(changes, here.actor)
        else:
            found = await events.update(
                before.event.event_id, changes, expected(version), here.actor
            )
        shown = event_json(here, found)
    if as_json:
        print_json(shown)
        return
    begin, end = local(found.event.starts_at), local(found.event.ends_at)
    say(f"“{found.event.name}” is at version {found.event.version}: {begin} to {end}.")
    if shown["gallery"]["link"]:
        say(f"gallery {shown['gallery']['link']}")


@event.command()
@click.argument("event_name", metavar="EVENT")
@click.option("--purge", "purges", is_flag=True, help="Remove its pictures and originals, too.")
@click.option("--version", type=int, help="Only if this is still the version.")
@click.confirmation_option(prompt="Forget this event?")
@click.pass_obj
@run_async
async def delete(
    installation: Installation, event_name: str, purges: bool, version: int | None
) -> None:
    """Forget an event; its photos stay in the history, its pictures until they expire."""
    async with services(installation) as here:
        found = (await find_event(here, event_name)).event
        wanted = expected(version)
        wanted.check(found.version)
        removed = await here.evening.results.purge(found.event_id, here.actor) if purges else 0
        await here.administration.events.delete(found.event_id, wanted, here.actor)
    say(f"“{found.name}” is forgotten.")
    if purges:
        say(f"The pictures of {removed} photos are removed; their links say so.")


@event.command()
@click.argument("event_name", metavar="EVENT")
@click.confirmation_option(prompt="Remove every picture and original of this event for good?")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def purge(installation: Installation, event_name: str, as_json: bool) -> None:
    """Remove every picture, preview and original of an event, now."""
    async with services(installation) as here:
        found = (await find_event(here, event_name)).event
        removed = await here.evening.results.purge(found.event_id, here.actor)
    if as_json:
        print_json({"removed": removed})
    else:
        say(f"The pictures of {removed} photos are removed; their links say so.")


@event.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
@run_async
async def running(ctx: click.Context, as_json: bool) -> None:
    """Print the frozen events that run now; exit 1 if there is none.

    For scripts that restart or upgrade something: better not now.
    """
    installation: Installation = ctx.obj
    async with services(installation) as here:
        now = installation.clock.utcnow()
        found = await here.administration.event_repository.list_running(now)
    frozen = [one for one in found if one.frozen]
    if as_json:
        print_json(
            [
                {
                    "event_id": one.event_id,
                    "name": one.name,
                    "starts_at": one.starts_at,
                    "ends_at": one.ends_at,
                }
                for one in frozen
            ]
        )
    else:
        for one in frozen:
            say(f"“{one.name}” runs until {local(one.ends_at)}.")
    if not frozen:
        ctx.exit(EXIT_FAILED)
