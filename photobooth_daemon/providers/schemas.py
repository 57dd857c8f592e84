"""Reads ``schemas/<provider>.json``: what each operation takes, in params and in templates.

The format is described in ``docs/provider-schemas.md``. References are put in
place when a file is read, so validation needs no resolver and an operation's
schema can be handed to a form as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator


@dataclass(frozen=True, slots=True)
class TemplateRole:
    """A part that template media can play in an operation."""

    role: str
    title: str
    title_ru: str
    description: str
    description_ru: str
    min_count: int
    max_count: int


@dataclass(frozen=True, slots=True)
class OperationSchema:
    """One operation of a provider, as its schema file describes it; ``schema`` has no ``$ref``."""

    provider: str
    operation: str
    title: str
    title_ru: str
    schema: Mapping[str, Any]
    template_roles: tuple[TemplateRole, ...]


def read_schema(provider: str, module: str) -> dict[str, Any]:
    """Return ``schemas/<provider>.json`` of the package that holds ``module``, or of its parents.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file is not JSON.
    """
    parts = module.split(".")
    for depth in range(len(parts), 0, -1):
        try:
            folder = resources.files(".".join([*parts[:depth], "schemas"]))
        except (ModuleNotFoundError, TypeError):  # there is none, or it is a module, no folder
            continue
        file = folder / f"{provider}.json"
        if file.is_file():
            document: dict[str, Any] = json.loads(file.read_text("utf-8"))
            return document
    raise FileNotFoundError(f"The driver {provider} ({module}) ships no schemas/{provider}.json.")


def operations_of(provider: str, document: Mapping[str, Any]) -> Iterator[OperationSchema]:
    """Yield the operations of one schema file, in its order.

    Raises:
        ValueError: a reference is not local, dangles, or goes round in circles.
        jsonschema.exceptions.SchemaError: what is left is not a schema.
    """
    for name, definition in document.get("$defs", {}).items():
        if "template_roles" not in definition:
            continue
        schema = _in_place(definition, document, ())
        _check(json.dumps(schema))
        title = schema.get("title", name)
        yield OperationSchema(
            provider=provider,
            operation=name,
            title=title,
            title_ru=schema.get("x-title-ru", title),
            schema=schema,
            template_roles=tuple(_roles(schema["template_roles"])),
        )


@lru_cache(maxsize=64)
def _check(schema: str) -> None:
    """Raise unless the text is a schema.

    One that was found good is not looked at again: the look takes longer than all else that is
    built at the start of a process, and drivers read their own file once more.
    """
    Draft202012Validator.check_schema(json.loads(schema))


def _roles(roles: Iterable[Mapping[str, Any]]) -> Iterator[TemplateRole]:
    for role in roles:
        title = role.get("title", role["role"])
        description = role.get("description", "")
        yield TemplateRole(
            role=role["role"],
            title=title,
            title_ru=role.get("x-title-ru", title),
            description=description,
            description_ru=role.get("x-description-ru", description),
            min_count=role.get("min", 0),
            max_count=role.get("max", 1),
        )


def _in_place(node: Any, document: Mapping[str, Any], passed: tuple[str, ...]) -> Any:
    """Return a copy of ``node`` in which every reference is replaced by what it names."""
    if isinstance(node, list):
        return [_in_place(item, document, passed) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return {key: _in_place(value, document, passed) for key, value in node.items()}
    if not reference.startswith("#/") or reference in passed:
        raise ValueError(f"The reference {reference} is not local, or goes round in circles.")
    target: Any = document
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, Mapping) or key not in target:
            raise ValueError(f"The reference {reference} names nothing.")
        target = target[key]
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return {
        **_in_place(target, document, (*passed, reference)),
        **{key: _in_place(value, document, passed) for key, value in beside.items()},
    }
