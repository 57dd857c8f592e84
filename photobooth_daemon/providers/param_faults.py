"""Words for what is wrong with a value: one :class:`Fault` per place, none repeating the value."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from photobooth_daemon.errors import Fault, ValidationFailed, storable

DEEPEST_NESTING = 64
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def faults_of(error: ValidationError, pointer: str) -> Iterator[Fault]:
    """Yield what one validation error means, below ``pointer``.

    An unknown or a missing key is reported at that key's own pointer.
    """
    at = pointer + "".join(f"/{escaped(part)}" for part in error.absolute_path)
    wanted: Any = error.validator_value
    value: Any = error.instance
    schema: Any = error.schema
    if error.validator == "additionalProperties" and wanted is False:
        for key in value:
            if key not in schema.get("properties", {}):
                yield Fault(f"{at}/{escaped(key)}", "Unknown; there is no such parameter.")
    elif error.validator == "required":
        for key in wanted:
            if key not in value:
                yield Fault(f"{at}/{escaped(key)}", "Missing.")
    else:
        yield Fault(at, _message(error))


def body_faults(validator: Draft202012Validator, body: Mapping[str, Any]) -> list[Fault]:
    """Return everything that is wrong with the shape of a body, one fault for each place."""
    found = {fault.pointer: fault for fault in unstorable(body, "")}
    for error in validator.iter_errors(body):
        for fault in faults_of(error, ""):
            found.setdefault(fault.pointer, fault)
    return list(found.values())


def check_body(validator: Draft202012Validator, body: Mapping[str, Any]) -> None:
    """Return if nothing is wrong with the shape of a body.

    Raises:
        ValidationFailed: every fault.
    """
    faults = body_faults(validator, body)
    if faults:
        raise ValidationFailed(faults)


def whole_numbers(values: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """Return the values with 48.0 as 48: JSON knows no difference, the database's columns do."""
    return {
        key: int(value) if key in keys and isinstance(value, float) else value
        for key, value in values.items()
    }


def unstorable(value: object, pointer: str, depth: int = 0) -> Iterator[Fault]:
    """Yield what JSON can say and PostgreSQL's jsonb cannot keep."""
    if depth > DEEPEST_NESTING:
        yield Fault(pointer, "Nested too deeply.")
    elif isinstance(value, str):
        if not _storable(value):
            yield Fault(pointer, "Holds a character that cannot be stored.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Fault(pointer, "Must be a finite number.")
    elif isinstance(value, Mapping):
        for key, part in value.items():
            at = f"{pointer}/{escaped(key)}"
            if not _storable(str(key)):
                yield Fault(at, "Holds a character that cannot be stored.")
            yield from unstorable(part, at, depth + 1)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from unstorable(part, f"{pointer}/{index}", depth + 1)


def escaped(part: object) -> str:
    """Return one part of a JSON pointer (RFC 6901), safe to send as UTF-8."""
    text = str(part).replace("~", "~0").replace("/", "~1")
    return text.encode("utf-8", "replace").decode("utf-8")


def format_checker() -> FormatChecker:
    """Return a checker of our own: the library's leaves date-time and uri unchecked."""
    checker = FormatChecker(formats=())
    checker.checks("date-time")(_is_date_time)
    checker.checks("uri")(_is_uri)
    checker.checks("uuid")(_is_uuid)
    return checker


def _storable(text: str) -> bool:
    return storable(text) == text


def _message(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    match error.validator:
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else list(wanted)
            return f"Must be of type {' or '.join(kinds)}."
        case "enum":
            return f"Must be one of {', '.join(json.dumps(v, ensure_ascii=False) for v in wanted)}."
        case "const":
            return f"Must be {json.dumps(wanted, ensure_ascii=False)}."
        case "minimum":
            return f"Must be at least {wanted}."
        case "maximum":
            return f"Must be at most {wanted}."
        case "exclusiveMinimum":
            return f"Must be more than {wanted}."
        case "exclusiveMaximum":
            return f"Must be less than {wanted}."
        case "multipleOf":
            return f"Must be a multiple of {wanted}."
        case "minLength":
            return f"Must have at least {wanted} characters."
        case "maxLength":
            return f"Must have at most {wanted} characters."
        case "pattern":
            return f"Must match {wanted}."
        case "format":
            return f"Must be a {wanted}."
        case "minItems":
            return f"Must have at least {wanted} items."
        case "maxItems":
            return f"Must have at most {wanted} items."
        case "uniqueItems":
            return "Must not repeat an item."
    return f"Does not satisfy {error.validator}."


def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    if not _DATE_TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value.upper())
    except ValueError:
        return False
    return True


def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return False
    reachable = bool(host) or parts.scheme not in ("http", "https")
    return bool(parts.scheme) and reachable and not any(c.isspace() for c in value)


def _is_uuid(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False
