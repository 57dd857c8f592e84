"""Which larger work a request is part of, as others pass it on (W3C Trace Context, level 1)."""

from __future__ import annotations

import re
import secrets

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


def trace_of(traceparent: str) -> tuple[str, str] | None:
    """Return the trace's id and flags; None for anything that is not a ``traceparent``."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    return (found[1], found[2]) if found else None


def child_of(trace_id: str, flags: str) -> str:
    """Return a ``traceparent`` for a call that is made in this trace."""
    return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"
