"""``photoboothctl audit``: who changed what, and whether the log is whole."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from photobooth_daemon.app.failures import EXIT_FAILED, run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import print_json, print_table, say
from photobooth_daemon.cli.services import services
from photobooth_daemon.model.audit import entry_view

MAX_LIMIT = 1000


@click.group()
def audit() -> None:
    """Read and verify the audit log."""


@audit.command(name="list")
@click.option("--actor", help="By this administrator only.")
@click.option("--action", help="This action only, such as slot.update.")
@click.option("--entity", help="About this only, such as slot:slot-001.")
@click.option("--since", type=click.DateTime(), help="At or after this instant, UTC.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def list_entries(
    installation: Installation,
    actor: str | None,
    action: str | None,
    entity: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List entries, newest first."""
    async with services(installation) as here:
        entries = await here.administration.audit_repository.list_newest(
            actor=actor,
            action=action,
            entity=entity,
            since=None if since is None else since.replace(tzinfo=UTC),
            limit=limit,
        )
    if as_json:
        print_json([entry_view(entry) for entry in entries])
        return
    print_table(
        ["NUMBER", "AT", "ACTOR", "ACTION", "ENTITY", "FROM", "BEFORE", "AFTER"],
        [
            [
                entry.audit_id,
                entry.at,
                entry.actor,
                entry.action,
                entry.entity,
                entry.address,
                entry.before,
                entry.after,
            ]
            for entry in entries
        ],
    )


@audit.command()
@click.option(
    "--head",
    metavar="NUMBER:DIGEST",
    help="A head noted earlier, as each cleanup logs it: the log must still contain it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
@run_async
async def verify(ctx: click.Context, head: str | None, as_json: bool) -> None:
    """Find entries that were altered, removed or cut off; exit 1 if there are any.

    The log must contain the end that this machine noted when it last wrote an entry, too.
    """
    heads = [] if head is None else [_noted(head)]
    async with services(ctx.obj) as here:
        verdict = await here.administration.audit.verify(*heads)
    if as_json:
        print_json(
            {
                "entries": verdict.entries,
                "head": f"{verdict.head_id}:{verdict.head_digest}",
                "noted": verdict.noted_id,
                "faults": list(verdict.faults),
            }
        )
    else:
        for fault in verdict.faults:
            say(fault)
        state = "is NOT as it was written" if verdict.faults else "is as it was written"
        say(f"The log of {verdict.entries} entries {state}.")
        if verdict.noted_id is None:
            say("This machine holds no end of the log to compare it with.")
        else:
            say(f"This machine noted entry {verdict.noted_id} as the last one.")
        say(f"head {verdict.head_id}:{verdict.head_digest}")
    if verdict.faults:
        ctx.exit(EXIT_FAILED)


def _noted(head: str) -> tuple[int, str]:
    number, _, digest = head.partition(":")
    if not number.isdigit():
        raise click.BadParameter("is NUMBER:DIGEST", param_hint="--head")
    return int(number), digest.lower()
