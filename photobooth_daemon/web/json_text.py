"""JSON as the API reads and writes it: strict, and with nothing that could not be kept."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any
from uuid import UUID

from photobooth_daemon.clock import rfc3339
from photobooth_daemon.errors import InvalidRequest


def read_json_text(text: str) -> Any:
    """Return the value of a JSON document.

    Raises:
        InvalidRequest: it is not JSON (RFC 8259), or has a value that cannot be kept.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite_float)
        if "\\u" in text:
            _refuse_unkeepable_text(value)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("This is not valid JSON.") from error
    return value


def encode_json(value: Any) -> bytes:
    """Return ``value`` as JSON: instants in RFC 3339 UTC, ids as text."""
    return json.dumps(value, ensure_ascii=False, default=_encode_special).encode()


def _encode_special(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _finite_float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def _refuse_unkeepable_text(value: Any) -> None:
    """Refuse what JSON can spell and PostgreSQL cannot keep: NUL and half a surrogate pair."""
    if isinstance(value, str):
        value.encode("utf-8")
        if "\0" in value:
            raise ValueError("a string contains NUL")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_unkeepable_text(key)
            _refuse_unkeepable_text(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_unkeepable_text(item)
