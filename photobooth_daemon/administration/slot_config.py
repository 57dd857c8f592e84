"""A slot's configuration as JSON: its shape, its checks, and the way to a record and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator

from photobooth_daemon.administration.bounds import COST_CAP, WINDOW_SECONDS
from photobooth_daemon.errors import Fault
from photobooth_daemon.model import Output, ResponseMode, Rung, Slot, TemplateBinding
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.param_faults import body_faults, format_checker, whole_numbers
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.providers.prompts import hole_faults
from photobooth_daemon.repositories.slots import guest_field_of

_NAME = {"type": ["string", "null"], "maxLength": 64}
_PARAMS = {"type": "object"}

SLOT_CONFIG_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "display_name": {"type": "string", "minLength": 1, "maxLength": 80},
        "enabled": {"type": "boolean"},
        "provider": _NAME,
        "operation": _NAME,
        "params": _PARAMS,
        "template_media": {
            "type": "array",
            "maxItems": 32,
            "items": {
                "type": "object",
                "properties": {
                    "role": {"type": "string", "minLength": 1, "maxLength": 64},
                    "media_id": {"type": "string", "format": "uuid"},
                },
                "required": ["role", "media_id"],
                "additionalProperties": False,
            },
        },
        "response_mode": {"type": "string", "enum": [mode.value for mode in ResponseMode]},
        "inline_preview": {"type": "boolean"},
        "sync_response_seconds": WINDOW_SECONDS.schema_or_null(),
        "output": {
            "type": "object",
            "properties": {
                "format": {"type": "string", "enum": ["jpeg", "png", "webp"]},
                "quality": {"type": "integer", "minimum": 1, "maximum": 100},
                "fit": {"type": "string", "enum": ["none", "crop", "pad"]},
                "max_edge_px": {"type": ["integer", "null"], "minimum": 64, "maximum": 16384},
            },
            "additionalProperties": False,
        },
        "on_failure": {"type": "string", "enum": ["error", "original"]},
        "cost_cap_per_day": COST_CAP.schema(),
        "guest_fields": {
            "type": "array",
            "maxItems": 20,
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
                    "choices": {
                        "type": ["array", "null"],
                        "minItems": 1,
                        "maxItems": 50,
                        "items": {"type": "string", "minLength": 1, "maxLength": 100},
                    },
                    "max_length": {"type": "integer", "minimum": 1, "maximum": 200},
                    "default": {"type": "string", "maxLength": 200},
                },
                "required": ["field"],
                "additionalProperties": False,
            },
        },
        "fallback": {
            "type": "array",
            "maxItems": 8,
            "items": {
                "type": "object",
                "properties": {
                    "provider": {"type": "string", "maxLength": 64},
                    "operation": {"type": "string", "maxLength": 64},
                    "params": _PARAMS,
                },
                "required": ["provider", "operation"],
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
CONFIG_KEYS = tuple(SLOT_CONFIG_SCHEMA["properties"])

_VALIDATOR = Draft202012Validator(SLOT_CONFIG_SCHEMA, format_checker=format_checker())


def config_of(slot: Slot) -> dict[str, Any]:
    """Return what administrators may change of a slot, as the API gives it."""
    return {
        "display_name": slot.display_name,
        "enabled": slot.enabled,
        "provider": slot.provider,
        "operation": slot.operation,
        "params": dict(slot.params),
        "template_media": [
            {"role": bound.role, "media_id": str(bound.media_id)} for bound in slot.template_media
        ],
        "response_mode": slot.response_mode.value,
        "inline_preview": slot.inline_preview,
        "sync_response_seconds": slot.sync_response_seconds,
        "output": asdict(slot.output),
        "on_failure": slot.on_failure,
        "cost_cap_per_day": slot.cost_cap_per_day,
        "guest_fields": [
            {**asdict(found), "choices": None if found.choices is None else list(found.choices)}
            for found in slot.guest_fields
        ],
        "fallback": [
            {"provider": rung.provider, "operation": rung.operation, "params": dict(rung.params)}
            for rung in slot.fallback
        ],
    }


def blank(slot: Slot) -> Slot:
    """Return the slot as the first migration made it: off and unconfigured."""
    number = int(slot.slot_id.rpartition("-")[2])
    return replace(
        slot,
        display_name=f"Slot {number}",
        enabled=False,
        provider=None,
        operation=None,
        params={},
        template_media=(),
        response_mode=ResponseMode.JSON,
        inline_preview=False,
        sync_response_seconds=None,
        output=Output(),
        on_failure="error",
        cost_cap_per_day=None,
        guest_fields=(),
        fallback=(),
    )


def shape_faults(changes: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with the types and bounds of a change, params left aside."""
    return body_faults(_VALIDATOR, changes)


def changed(slot: Slot, changes: Mapping[str, Any]) -> Slot:
    """Return the slot with the changes made; what is left out keeps its value.

    The changes have no :func:`shape_faults`.
    """
    values: dict[str, Any] = dict(changes)
    if "output" in values:
        values["output"] = Output(
            **whole_numbers({**asdict(slot.output), **values["output"]}, _INTEGERS)
        )
    if "template_media" in values:
        values["template_media"] = tuple(
            TemplateBinding(bound["role"], UUID(bound["media_id"]))
            for bound in values["template_media"]
        )
    if "guest_fields" in values:
        values["guest_fields"] = tuple(
            guest_field_of(whole_numbers(found, _INTEGERS)) for found in values["guest_fields"]
        )
    if "fallback" in values:
        values["fallback"] = tuple(
            Rung(rung["provider"], rung["operation"], rung.get("params", {}))
            for rung in values["fallback"]
        )
    if "response_mode" in values:
        values["response_mode"] = ResponseMode(values["response_mode"])
    return replace(slot, **whole_numbers(values, _INTEGERS))


def meaning_faults(
    slot: Slot,
    schemas: ParamSchemas,
    facts: Mapping[str, ProviderFacts],
    known_media: Collection[UUID],
    public_url: str | None,
) -> list[Fault]:
    """Return why this slot cannot be saved: wrong params, and for one that is on, what it lacks."""
    faults: list[Fault] = []
    if slot.provider is None or slot.operation is None:
        faults += _unconfigured_faults(slot, facts)
    for prefix, rung in _rungs(slot):
        found = _provider_faults(prefix, rung, schemas, facts, slot.enabled, public_url)
        if slot.enabled and not any(f.pointer.startswith(f"{prefix}/params") for f in found):
            found += _driver_faults(prefix, rung, schemas, facts, slot.template_media)
        faults += found
    if slot.provider is not None and slot.operation is not None:
        faults += schemas.check_templates(
            slot.provider,
            slot.operation,
            [bound.role for bound in slot.template_media],
            complete=slot.enabled,
        )
    faults += _guest_field_faults(slot, schemas)
    if slot.enabled:
        faults += _fallback_template_faults(slot, schemas)
    faults += [
        Fault(f"/template_media/{index}/media_id", "There is no such template picture.")
        for index, bound in enumerate(slot.template_media)
        if bound.media_id not in known_media
    ]
    return list({fault.pointer: fault for fault in reversed(faults)}.values())[::-1]


def _rungs(slot: Slot) -> list[tuple[str, Rung]]:
    rungs = [(f"/fallback/{index}", rung) for index, rung in enumerate(slot.fallback)]
    if slot.provider is not None and slot.operation is not None:
        rungs.insert(0, ("", Rung(slot.provider, slot.operation, slot.params)))
    return rungs


def _unconfigured_faults(slot: Slot, facts: Mapping[str, ProviderFacts]) -> list[Fault]:
    faults = []
    if slot.provider is not None and slot.provider not in facts:
        faults.append(Fault("/provider", f"Unknown; the providers are {', '.join(facts)}."))
    if slot.enabled:
        faults += [
            Fault(f"/{key}", f"Choose the {key} before the slot is switched on.")
            for key in ("provider", "operation")
            if getattr(slot, key) is None
        ]
    return faults


def _provider_faults(
    prefix: str,
    rung: Rung,
    schemas: ParamSchemas,
    facts: Mapping[str, ProviderFacts],
    enabled: bool,
    public_url: str | None,
) -> list[Fault]:
    pointer = f"{prefix}/params"
    faults = schemas.check(
        rung.provider, rung.operation, rung.params, pointer=pointer, complete=enabled
    )
    known = facts.get(rung.provider)
    if not enabled or known is None:
        return faults
    if not known.configured:
        section = f"[providers.{rung.provider}]"
        faults.append(
            Fault(
                f"{prefix}/provider",
                f"{rung.provider} is not set up: set api_key_file (or its systemd credential), or"
                f" base_url for a server of your own, in {section} of the configuration file and"
                " restart, or leave the slot off.",
            )
        )
    elif known.needs_public_url and public_url is None:
        faults.append(
            Fault(
                f"{prefix}/provider",
                f"{rung.provider} fetches the photo by a link: set the public address in the"
                " settings, or leave the slot off.",
            )
        )
    return faults


def _driver_faults(
    prefix: str,
    rung: Rung,
    schemas: ParamSchemas,
    facts: Mapping[str, ProviderFacts],
    bindings: Sequence[TemplateBinding],
) -> list[Fault]:
    """Return what only the driver can tell of params that their schema takes."""
    known = facts.get(rung.provider)
    operation = schemas.find_operation(rung.provider, rung.operation)
    if known is None or known.faults is None or operation is None:
        return []
    taken = {role.role for role in operation.template_roles}
    roles = [bound.role for bound in bindings if bound.role in taken]
    found = known.faults(rung.operation, rung.params, roles)
    return [Fault(f"{prefix}/params{fault.pointer}", fault.message) for fault in found]


def _guest_field_faults(slot: Slot, schemas: ParamSchemas) -> list[Fault]:
    """Return which fields are declared twice, and which prompts use one that is not declared."""
    names = [found.field for found in slot.guest_fields]
    faults = [
        Fault(f"/guest_fields/{index}/field", "Declared twice.")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    for prefix, rung in _rungs(slot):
        operation = schemas.find_operation(rung.provider, rung.operation)
        if operation is not None:
            faults += hole_faults(
                operation.schema, rung.params, slot.guest_fields, f"{prefix}/params"
            )
    return faults


def _fallback_template_faults(slot: Slot, schemas: ParamSchemas) -> list[Fault]:
    """Return which fallbacks lack a template: they take the slot's own bindings by role."""
    bound = [binding.role for binding in slot.template_media]
    faults = []
    for index, rung in enumerate(slot.fallback):
        found = schemas.find_operation(rung.provider, rung.operation)
        for role in () if found is None else found.template_roles:
            if bound.count(role.role) < role.min_count:
                message = f"Needs at least {role.min_count} template in the role {role.role}."
                faults.append(Fault(f"/fallback/{index}/operation", message))
    return faults


_INTEGERS = frozenset({"sync_response_seconds", "quality", "max_edge_px", "max_length"})
