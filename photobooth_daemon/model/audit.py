"""Who asks for something, and what the audit log keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

UNAUTHENTICATED = "unauthenticated"
"""The actor of whoever has proved nothing, whatever name was given."""
GUEST = "guest"
"""The actor of whoever has a picture's key; no account may have these names."""
HEAD_PUT_BACK = "audit.head_put_back"
"""The action of the entry that says that the log's head was found behind its entries."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for a change, from where, in which request: what the audit log keeps of it."""

    username: str
    address: str | None = None
    request_id: str | None = None
    override_reason: str | None = None
    """Why something is changed all the same that a running event keeps as it is."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log; ``digest`` chains it to the one before."""

    audit_id: int
    at: datetime
    actor: str
    action: str
    entity: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    address: str | None
    request_id: str | None
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where the audit log ends; ``seal`` shows that nobody moved it back."""

    audit_id: int
    digest: bytes
    seal: bytes


def entry_view(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as the API gives it."""
    return {
        "id": entry.audit_id,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "entity": entry.entity,
        "before": entry.before,
        "after": entry.after,
        "address": entry.address,
        "request_id": entry.request_id,
        "digest": entry.digest.hex(),
    }
