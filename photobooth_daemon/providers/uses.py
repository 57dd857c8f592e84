"""Which providers and models the slots need, and whether each would serve them now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photobooth_daemon.model import Rung, Slot
from photobooth_daemon.providers.driver import ProviderCheck, ProviderDriver
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.params import ParamSchemas


@dataclass(frozen=True, slots=True)
class Use:
    """One model of a provider, and the slots that ask for it; none for a provider's default."""

    provider: str
    operation: str | None
    params: Mapping[str, Any]
    model: str | None
    slot_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedUse:
    """What came of checking a use; ``check`` is None for a provider that is not set up."""

    use: Use
    key_source: str | None
    public_url_missing: bool
    check: ProviderCheck | None

    @property
    def ok(self) -> bool:
        """Return whether photos can be sent there."""
        return self.check is not None and self.check.ok and not self.public_url_missing

    @property
    def needed(self) -> bool:
        """Return whether a slot that is on asks for it."""
        return bool(self.use.slot_ids)


def uses_of(
    slots: Iterable[Slot],
    drivers: Mapping[str, ProviderDriver],
    schemas: ParamSchemas,
    *,
    providers: Sequence[str] = (),
) -> list[Use]:
    """Return each model that slots which are on ask for, then the other providers' defaults.

    ``providers`` narrows the list to those names.
    """
    wanted = set(providers) or set(drivers)
    found: dict[tuple[str, str | None], Use] = {}
    for slot in slots:
        for rung in slot.ladder() if slot.enabled else ():
            if rung.provider in wanted and rung.provider in drivers:
                _note(found, slot.slot_id, rung, drivers[rung.provider], schemas)
    used = {provider for provider, _ in found}
    for provider in sorted(wanted & set(drivers) - used):
        operations = schemas.operations(provider)
        operation = operations[0].operation if operations else None
        params = schemas.with_defaults(provider, operation or "", {})
        model = drivers[provider].model(operation or "", params)
        found[provider, model] = Use(provider, operation, params, model)
    return sorted(found.values(), key=lambda use: (use.provider, use.model or ""))


async def check_uses(
    uses: Iterable[Use],
    drivers: Mapping[str, ProviderDriver],
    facts: Mapping[str, ProviderFacts],
    *,
    public_url: str | None,
) -> list[CheckedUse]:
    """Ask every provider that is set up, all at once."""

    async def checked(use: Use) -> CheckedUse:
        fact = facts[use.provider]
        check = None
        if fact.configured:
            check = await drivers[use.provider].check(use.operation, use.params)
        missing = fact.needs_public_url and public_url is None
        return CheckedUse(use, fact.source, missing, check)

    return list(await asyncio.gather(*(checked(use) for use in uses)))


def _note(
    found: dict[tuple[str, str | None], Use],
    slot_id: str,
    rung: Rung,
    driver: ProviderDriver,
    schemas: ParamSchemas,
) -> None:
    params = schemas.with_defaults(rung.provider, rung.operation, rung.params)
    model = driver.model(rung.operation, params)
    known = found.get((rung.provider, model))
    slot_ids = known.slot_ids if known else ()
    if slot_id not in slot_ids:
        slot_ids = (*slot_ids, slot_id)
    found[rung.provider, model] = Use(rung.provider, rung.operation, params, model, slot_ids)
