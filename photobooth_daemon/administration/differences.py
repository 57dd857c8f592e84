"""What a change changes, as the audit log keeps it: the values that differ, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two JSON objects of the same keys without those that are equal in both."""
    differing = [key for key in before if not _same_json(before[key], after[key])]
    return {key: before[key] for key in differing}, {key: after[key] for key in differing}


def _same_json(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same_json(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same_json, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and bool(one == other)
