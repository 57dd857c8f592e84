"""``photoboothctl provider``: who makes the pictures, and would they now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import click

from photobooth_daemon.app.failures import EXIT_FAILED, run_async
from photobooth_daemon.app.installation import Installation
from photobooth_daemon.cli.printing import print_json, print_table, say, say_text
from photobooth_daemon.cli.provider_key import key
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.config.urls import shown_url
from photobooth_daemon.errors import DatabaseUnavailable, SchemaMismatch
from photobooth_daemon.ingest.ladder.pricing import PRICE_FILE
from photobooth_daemon.model import Slot

if TYPE_CHECKING:
    from photobooth_daemon.providers.uses import CheckedUse


@click.group()
def provider() -> None:
    """See which providers there are, whether they would serve now, and enter their keys."""


@provider.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_providers(installation: Installation, as_json: bool) -> None:
    """List the installed providers and whether each is set up."""
    from photobooth_daemon.providers.catalog import installed_drivers
    from photobooth_daemon.providers.facts import provider_facts
    from photobooth_daemon.providers.params import ParamSchemas

    schemas = ParamSchemas.installed()
    config = installation.config
    facts = provider_facts(installed_drivers(), config.providers)
    items: list[dict[str, Any]] = [
        {
            "provider": name,
            "title": schemas.title(name)[0],
            "configured": fact.configured,
            "key_source": fact.source,
            "base_url": _shown_base_url(config, name),
            "needs_public_url": fact.needs_public_url,
            "operations": [operation.operation for operation in schemas.operations(name)],
        }
        for name, fact in facts.items()
    ]
    if as_json:
        print_json({"items": items})
        return
    print_table(
        ["PROVIDER", "CONFIGURED", "KEY FROM", "BASE URL", "FETCHES BY LINK", "OPERATIONS"],
        [
            [
                item["provider"],
                "yes" if item["configured"] else "no",
                item["key_source"],
                item["base_url"],
                "yes" if item["needs_public_url"] else "no",
                ", ".join(item["operations"]),
            ]
            for item in items
        ],
    )


@provider.command()
@click.argument("names", nargs=-1, metavar="[PROVIDER]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@run_async
async def check(installation: Installation, names: tuple[str, ...], as_json: bool) -> None:
    """Ask each provider, free of charge: key, way, model, latency.

    Every model that a slot which is on asks for is checked. The exit status is
    1 if one of those, or of the providers named, would not serve a photo.
    """
    from photobooth_daemon.app.providers import opened_drivers
    from photobooth_daemon.providers.facts import provider_facts
    from photobooth_daemon.providers.params import ParamSchemas
    from photobooth_daemon.providers.uses import check_uses, uses_of

    known = await _known(installation)
    async with opened_drivers(installation.config.providers, installation.clock) as drivers:
        unknown = sorted(set(names) - set(drivers))
        if unknown:
            raise click.UsageError(f"no such provider: {', '.join(unknown)}")
        facts = provider_facts(drivers, installation.config.providers)
        uses = uses_of(known.slots, drivers, ParamSchemas.installed(), providers=names)
        results = await check_uses(uses, drivers, facts, public_url=known.public_url)
    if as_json:
        items = [_document(result) for result in results]
        print_json({"slots_known": known.is_whole, "items": items})
    else:
        _print(results)
        if not known.is_whole:
            say("The slots could not be read: only the default models were asked for.")
    failed = [result for result in results if not result.ok and (result.needed or names)]
    if failed:
        raise SystemExit(EXIT_FAILED)


provider.add_command(key)


@provider.command()
def prices() -> None:
    """Print the price table that comes with the program, to begin one of your own with."""
    text = (resources.files("photobooth_daemon.etc") / PRICE_FILE).read_text("utf-8")
    say_text(text, nl=False)


def _shown_base_url(config: Config, name: str) -> str | None:
    url = None if name not in config.providers else config.providers[name].base_url
    return None if url is None else shown_url(url)


@dataclass(frozen=True, slots=True)
class _Known:
    """What slots and settings say; not ``is_whole`` where the database could not tell."""

    public_url: str | None
    slots: Iterable[Slot] = ()
    is_whole: bool = False


async def _known(installation: Installation) -> _Known:
    from photobooth_daemon.repositories.settings import SettingsRepository
    from photobooth_daemon.repositories.slots import SlotRepository

    address = PublicAddress(installation.config.server.public_url)
    try:
        async with installation.database() as database:
            address.follow(await SettingsRepository(database).get())
            return _Known(address.url, await SlotRepository(database).list_all(), is_whole=True)
    except (DatabaseUnavailable, SchemaMismatch):
        return _Known(address.url)


def _print(results: Iterable[CheckedUse]) -> None:
    print_table(
        ["PROVIDER", "MODEL", "SLOTS", "STATE", "LISTED", "MS", "DETAIL"],
        [
            [
                result.use.provider,
                result.use.model,
                ", ".join(result.use.slot_ids),
                _state(result),
                _listed(result),
                result.check.latency_ms if result.check else None,
                _detail(result),
            ]
            for result in results
        ],
    )


def _document(result: CheckedUse) -> dict[str, Any]:
    check = result.check
    return {
        "provider": result.use.provider,
        "operation": result.use.operation,
        "model": result.use.model,
        "slots": list(result.use.slot_ids),
        "configured": check is not None,
        "key_source": result.key_source,
        "ok": result.ok,
        "model_listed": check.model_listed if check else None,
        "latency_ms": check.latency_ms if check else None,
        "detail": _detail(result),
    }


def _listed(result: CheckedUse) -> str | None:
    if result.check is None or result.check.model_listed is None:
        return None
    return "yes" if result.check.model_listed else "no"


def _state(result: CheckedUse) -> str:
    if result.check is None:
        return "not set up"
    return "ok" if result.ok else "FAILS"


def _detail(result: CheckedUse) -> str:
    if result.check is None:
        return ""
    if result.public_url_missing:
        return f"public_url is not set; {result.check.detail}"
    return result.check.detail
