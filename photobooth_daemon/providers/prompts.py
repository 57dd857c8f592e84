"""Prompts with holes: ``{{field}}`` is filled with what a guest answered in the booth's form.

A guest writes a value, never a prompt: what is put in is one of the choices, or letters,
digits and a little punctuation of a bounded length, and it is not looked at again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from photobooth_daemon.errors import Fault
from photobooth_daemon.model import GuestField
from photobooth_daemon.providers.param_faults import escaped

MARK = "x-guest-fields"
"""What a text parameter's schema says where its text may have holes."""
PUNCTUATION = frozenset(" .,!?'’()&+-")
_HOLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def hole_faults(
    schema: Mapping[str, Any], params: Mapping[str, Any], fields: Iterable[GuestField], pointer: str
) -> Iterator[Fault]:
    """Yield the params below ``pointer`` that have a hole nobody fills, or one without an end."""
    declared = {field.field for field in fields}
    for key in _with_holes(schema, params):
        text = params[key]
        at = f"{pointer}/{escaped(key)}"
        unknown = [name for name in _HOLE.findall(text) if name not in declared]
        if unknown:
            yield Fault(at, f"Uses {{{{{unknown[0][:64]}}}}}, which guest_fields does not declare.")
        elif "{{" in _HOLE.sub("", text):
            yield Fault(at, "Has {{ without its end: write {{field}}.")


def with_answers(
    schema: Mapping[str, Any],
    params: Mapping[str, Any],
    fields: Iterable[GuestField],
    answers: Mapping[str, str],
) -> dict[str, Any]:
    """Return the params with every hole filled; a hole that nobody declared stays as it is."""
    values = {field.field: answer_of(field, answers.get(field.field, "")) for field in fields}
    filled = dict(params)
    for key in _with_holes(schema, params):
        # Once, from left to right: what is put in may look like a hole and is none.
        filled[key] = _HOLE.sub(lambda hole: values.get(hole[1], hole[0]), params[key])
    return filled


def prompts_of(schema: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts that a provider is asked with."""
    return {key: params[key] for key in _with_holes(schema, params)}


def answer_of(field: GuestField, given: str) -> str:
    """Return what is put into the prompt for what a guest gave."""
    if field.choices is not None:
        wanted = given.strip().casefold()
        return next((c for c in field.choices if c.strip().casefold() == wanted), field.default)
    text = _BREAKS.sub(" ", unicodedata.normalize("NFC", given))
    kept = "".join(c for c in text if c in PUNCTUATION or _is_written(c))
    return kept.strip()[: field.max_length].strip() or field.default


def _with_holes(schema: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[str]:
    for key, part in schema.get("properties", {}).items():
        if part.get(MARK) is True and isinstance(params.get(key), str):
            yield key


def _is_written(character: str) -> bool:
    """Return whether a character is a letter, a mark on one, or a decimal digit."""
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd"
