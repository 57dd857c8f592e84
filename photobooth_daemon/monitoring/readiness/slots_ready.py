"""The slots that are on: configured, their keys there, their models listed, their templates."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from photobooth_daemon.administration.slot_config import meaning_faults
from photobooth_daemon.media.keys import template_key
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Rung, Slot, TemplateMedia
from photobooth_daemon.monitoring.readiness.model import Finding, fault, ok, or_ok
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.params import ParamSchemas


@dataclass(frozen=True, slots=True)
class SlotSituation:
    """What the checks of slots look at."""

    slots: Sequence[Slot]
    templates: Mapping[UUID, TemplateMedia]
    schemas: ParamSchemas
    facts: Mapping[str, ProviderFacts]
    drivers: Mapping[str, ProviderDriver]
    public_url: str | None
    media_store: MediaStore

    @property
    def enabled(self) -> list[Slot]:
        """Return the slots that take photos."""
        return [slot for slot in self.slots if slot.enabled]

    def rungs(self) -> list[tuple[Slot, Rung]]:
        """Return every rung of every slot that is on."""
        return [(slot, rung) for slot in self.enabled for rung in slot.ladder()]

    def providers(self) -> list[str]:
        """Return the providers in use that are installed."""
        return sorted({rung.provider for _, rung in self.rungs()} & set(self.facts))


async def check_slots(here: SlotSituation, *, http_checks: bool = True) -> list[Finding]:
    """Return what was found about the slots and the providers they use."""
    return [
        *_configuration(here),
        *_keys(here),
        *(await _providers(here) if http_checks else []),
        *await _templates(here),
    ]


def _configuration(here: SlotSituation) -> list[Finding]:
    if not here.enabled:
        return [fault("slots", "no_slot_enabled")]
    findings = []
    for slot in here.enabled:
        found = meaning_faults(
            slot, here.schemas, here.facts, list(here.templates), here.public_url
        )
        messages = [
            f"{f.pointer}: {f.message}"
            for f in found
            # A missing key and a missing public address have checks of their own.
            if not (f.pointer.endswith("/provider") and _known_provider(slot, here))
        ]
        findings += [
            fault("slots", "slot_misconfigured", slot.slot_id, message=message)
            for message in messages
        ]
    return or_ok("slots", findings, count=len(here.enabled))


def _known_provider(slot: Slot, here: SlotSituation) -> bool:
    return all(rung.provider in here.facts for rung in slot.ladder())


def _keys(here: SlotSituation) -> list[Finding]:
    missing = [name for name in here.providers() if not here.facts[name].configured]
    return or_ok("keys", [fault("keys", "provider_key_missing", name) for name in missing])


async def _providers(here: SlotSituation) -> list[Finding]:
    """Ask each provider in use, free of charge, about each model in use."""
    asked: dict[tuple[str, str], Rung] = {}
    for _, rung in here.rungs():
        driver = here.drivers.get(rung.provider)
        if driver is not None and here.facts[rung.provider].configured:
            asked.setdefault((rung.provider, driver.model(rung.operation, rung.params) or ""), rung)
    answers = await asyncio.gather(
        *(here.drivers[rung.provider].check(rung.operation, rung.params) for rung in asked.values())
    )
    findings = []
    for (provider, model), answer in zip(asked, answers, strict=True):
        if answer.model_listed is False:
            findings.append(fault("providers", "model_gone", provider, model=model))
        elif not answer.ok:
            findings.append(fault("providers", "provider_down", provider, reason=answer.detail))
    if not findings and asked:
        return [ok("providers", names=", ".join(sorted({name for name, _ in asked})))]
    return findings


async def _templates(here: SlotSituation) -> list[Finding]:
    """Look at the file of every template that is bound."""
    findings = []
    for slot in here.enabled:
        for binding in slot.template_media:
            media = here.templates.get(binding.media_id)
            if media is None or not await _is_whole(here, media):
                findings.append(
                    fault(
                        "templates",
                        "template_missing",
                        slot.slot_id,
                        media_id=str(binding.media_id),
                    )
                )
    return or_ok("templates", findings)


async def _is_whole(here: SlotSituation, media: TemplateMedia) -> bool:
    try:
        key = template_key(media.media_id, media.content_type)
        return await here.media_store.find_size(key) == media.size_bytes
    except OSError:
        return False
