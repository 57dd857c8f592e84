"""``photoboothctl slot``: the fifteen slots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

import click

from photobooth_daemon.app.failures import run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.assignments import read_assignments, read_document
from photobooth_daemon.cli.overrides import override_option, with_reason
from photobooth_daemon.cli.printing import print_fields, print_json, print_table, say
from photobooth_daemon.cli.services import services
from photobooth_daemon.cli.settings import expected
from photobooth_daemon.cli.slot_test import slot_test


@click.group()
def slot() -> None:
    """Read, set up, try and reset slots."""


slot.add_command(slot_test)


@slot.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def list_slots(installation: Installation, as_json: bool) -> None:
    """List the slots and how the last 24 hours went."""
    async with services(installation) as here:
        slots = await here.administration.slot_repository.list_all()
        counts = await here.administration.stats.counts_of_last_day()
    if as_json:
        print_json(
            [
                {**here.administration.slots.view(found), "counts": counts[found.slot_id]}
                for found in slots
            ]
        )
        return
    print_table(
        ["SLOT", "NAME", "STATE", "PROVIDER", "OPERATION", "VERSION", "DONE", "TIMEOUT", "FAILED"],
        [
            [
                found.slot_id,
                found.display_name,
                "on" if found.enabled else "off",
                found.provider,
                found.operation,
                found.version,
                *(counts[found.slot_id][status] for status in ("done", "timeout", "failed")),
            ]
            for found in slots
        ],
    )


@slot.command()
@click.argument("slot_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as `slot set --file` takes it.")
@click.pass_obj
@run_async
async def show(installation: Installation, slot_id: str, as_json: bool) -> None:
    """Print a slot's whole configuration."""
    async with services(installation) as here:
        shown = here.administration.slots.view(await here.administration.slots.get(slot_id))
    (print_json if as_json else print_fields)(shown)


@slot.command(name="set")
@click.argument("slot_id")
@click.argument("assignments", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--file", type=click.File(encoding="utf-8"), help="A JSON document; - for stdin.")
@click.option("--version", type=int, help="Only if this is still the version.")
@override_option
@click.pass_obj
@run_async
async def set_values(
    installation: Installation,
    slot_id: str,
    assignments: tuple[str, ...],
    file: TextIO | None,
    version: int | None,
    override: str | None,
) -> None:
    """Change a slot, for its next photo.

    Dots reach inside and values are JSON or text:
    photoboothctl slot set slot-001 provider=local operation=look params.look=noir enabled=true
    """
    document = {} if file is None else read_document(file)
    changes = {**document, **read_assignments(assignments)}
    if not changes:
        raise click.UsageError("say what to change: KEY=VALUE, or --file")
    async with services(installation) as here:
        before = here.administration.slots.view(await here.administration.slots.get(slot_id))
        found = await here.administration.slots.update(
            slot_id,
            _merged(before, changes),
            expected(version),
            with_reason(here.actor, override),
        )
    say(f"{slot_id} is at version {found.version}, {'on' if found.enabled else 'off'}.")


@slot.command()
@click.argument("slot_id")
@click.option("--version", type=int, help="Only if this is still the version.")
@override_option
@click.confirmation_option(prompt="Make this slot unconfigured and off?")
@click.pass_obj
@run_async
async def reset(
    installation: Installation, slot_id: str, version: int | None, override: str | None
) -> None:
    """Make a slot unconfigured and off; its results stay until they expire."""
    async with services(installation) as here:
        found = await here.administration.slots.reset(
            slot_id, expected(version), with_reason(here.actor, override)
        )
    say(f"{slot_id} is unconfigured, at version {found.version}.")


@slot.command()
@click.argument("slot_id")
@click.argument("version", type=int)
@override_option
@click.pass_obj
@run_async
async def restore(
    installation: Installation, slot_id: str, version: int, override: str | None
) -> None:
    """Bring back what a slot was at a version, as a new one."""
    async with services(installation) as here:
        found = await here.administration.slots.restore(
            slot_id, version, expected(None), with_reason(here.actor, override)
        )
    say(f"{slot_id} is at version {found.version}, as it was at {version}.")


def _merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes with ``params.look=…`` laid over the params that are there.

    New params of another operation replace the old ones, which would not fit it.
    """
    from photobooth_daemon.administration.slot_config import CONFIG_KEYS

    moved = any(key in changes and changes[key] != before[key] for key in ("provider", "operation"))
    merged = dict(changes)
    if isinstance(changes.get("params"), Mapping) and not moved:
        merged["params"] = {**before["params"], **changes["params"]}
    elif moved and "params" not in changes:
        merged["params"] = {}
    read_only = [key for key in merged if key in before and key not in CONFIG_KEYS]
    return {key: value for key, value in merged.items() if key not in read_only}
