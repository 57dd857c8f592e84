"""The ids that every log line of a piece of work carries, whoever writes the line.

They live in a context variable: a task starts with a copy of its parent's
fields, so one request's ids never appear in another's lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

_fields: ContextVar[Mapping[str, object]] = ContextVar("log_fields")


def bind_log_fields(**fields: object) -> None:
    """Add fields to every further line of the current task and the tasks it starts."""
    _fields.set({**current_log_fields(), **fields})


def current_log_fields() -> Mapping[str, object]:
    """Return what is bound in the current task."""
    return _fields.get({})
