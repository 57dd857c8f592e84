"""Checks a slot's params and bindings against its provider's schema, a pointer per fault."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import Any

from jsonschema import Draft202012Validator

from photobooth_daemon.errors import Fault
from photobooth_daemon.providers.param_faults import faults_of, format_checker, unstorable
from photobooth_daemon.providers.schemas import OperationSchema, operations_of, read_schema

ENTRY_POINT_GROUP = "photobooth_daemon.providers"


@cache
def announced_drivers() -> tuple[metadata.EntryPoint, ...]:
    """Return the installed drivers' entry points; the next process finds what is installed now."""
    return tuple(metadata.entry_points(group=ENTRY_POINT_GROUP))


class ParamSchemas:
    """Knows every installed provider's operations; reads no file after it is built."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the schema documents by provider.

        Raises:
            ValueError, jsonschema.exceptions.SchemaError: a document is broken.
        """
        self._documents = documents
        self._operations = {
            provider: {o.operation: o for o in operations_of(provider, document)}
            for provider, document in documents.items()
        }
        formats = format_checker()
        self._validators = {
            (o.provider, o.operation): Draft202012Validator(o.schema, format_checker=formats)
            for operations in self._operations.values()
            for o in operations.values()
        }

    @classmethod
    @cache
    def installed(cls) -> ParamSchemas:
        """Return those of every driver that is announced, read once; they never change.

        Raises:
            FileNotFoundError: a driver ships no schema.
            ValueError, jsonschema.exceptions.SchemaError: a schema is broken.
        """
        return cls({e.name: read_schema(e.name, e.module) for e in announced_drivers()})

    def providers(self) -> tuple[str, ...]:
        """Return the providers' names, in alphabetical order."""
        return tuple(sorted(self._operations))

    def title(self, provider: str) -> tuple[str, str]:
        """Return the provider's title in English and in Russian."""
        document = self._documents[provider]
        english = str(document.get("title", provider))
        return english, str(document.get("x-title-ru", english))

    def operations(self, provider: str) -> tuple[OperationSchema, ...]:
        """Return the provider's operations, its first one first; none for an unknown provider."""
        return tuple(self._operations.get(provider, {}).values())

    def find_operation(self, provider: str, operation: str) -> OperationSchema | None:
        """Return one operation, or None where provider or operation is unknown."""
        return self._operations.get(provider, {}).get(operation)

    def check(
        self,
        provider: str,
        operation: str,
        params: object,
        *,
        pointer: str = "/params",
        complete: bool = True,
    ) -> list[Fault]:
        """Return every fault of these params, each at its own pointer below ``pointer``.

        An unknown provider or operation is a fault beside the params.
        ``complete=False`` leaves out what is missing, for a slot that is off.
        """
        parent = pointer.rpartition("/")[0]
        if provider not in self._operations:
            known = ", ".join(self.providers())
            return [Fault(f"{parent}/provider", f"Unknown; the providers are {known}.")]
        if operation not in self._operations[provider]:
            known = ", ".join(self._operations[provider])
            return [Fault(f"{parent}/operation", f"Unknown; {provider} has {known}.")]
        faults = {fault.pointer: fault for fault in unstorable(params, pointer)}
        for error in self._validators[provider, operation].iter_errors(params):
            if error.validator == "required" and not complete:
                continue
            for fault in faults_of(error, pointer):
                faults.setdefault(fault.pointer, fault)
        return sorted(faults.values(), key=lambda fault: fault.pointer)

    def check_templates(
        self, provider: str, operation: str, roles: Sequence[str], *, complete: bool = True
    ) -> list[Fault]:
        """Return the faults of a slot's bindings, given the role of each in order.

        ``complete=False`` leaves out what is missing, for a slot that is off.
        """
        found = self.find_operation(provider, operation)
        if found is None:
            return []
        known = {role.role: role for role in found.template_roles}
        faults = []
        for index, role in enumerate(roles):
            if role not in known:
                words = ", ".join(known) or "none"
                message = f"Unknown; the roles of {provider} {operation}: {words}."
                faults.append(Fault(f"/template_media/{index}/role", message))
            elif roles[: index + 1].count(role) > known[role].max_count:
                message = f"At most {known[role].max_count} in the role {role}."
                faults.append(Fault(f"/template_media/{index}/role", message))
        for needed in found.template_roles if complete else ():
            if roles.count(needed.role) < needed.min_count:
                message = f"At least {needed.min_count} in the role {needed.role}."
                faults.append(Fault("/template_media", message))
        return faults

    def with_defaults(
        self, provider: str, operation: str, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the params with the schema's default in place of everything left out.

        A number such as 3.0 where an integer is asked for becomes 3. Params of an
        unknown operation come back as they are.
        """
        found = self.find_operation(provider, operation)
        if found is None:
            return dict(params)
        filled: dict[str, Any] = _filled(found.schema, params)
        return filled


def _filled(schema: Mapping[str, Any], value: Any) -> Any:
    kinds = schema.get("type")
    whole = "integer" in ([kinds] if isinstance(kinds, str) else kinds or ())
    if whole and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, Mapping) or "properties" not in schema:
        return value
    filled = {}
    for key, part in schema["properties"].items():
        if key in value:
            filled[key] = _filled(part, value[key])
        elif "default" in part:
            filled[key] = copy.deepcopy(part["default"])
    return {**filled, **{key: value[key] for key in value if key not in filled}}
