"""Whether the audit log still holds what this machine noted, and whether it can go on noting."""

from __future__ import annotations

from datetime import datetime, timedelta

from photobooth_daemon.administration.head_keeper import HeadKeeper
from photobooth_daemon.errors import ConfigError
from photobooth_daemon.monitoring.readiness.model import Finding, ok, warning
from photobooth_daemon.repositories.audit import AuditRepository

UNNOTED_TOO_LONG = timedelta(hours=2)
"""Other machines' entries are noted here by the next cleanup, every quarter of an hour."""


async def check_audit(heads: HeadKeeper, log: AuditRepository, now: datetime) -> list[Finding]:
    """Return what is wrong with the log's end; no photo waits for it, so nothing is a fault."""
    try:
        noted = await heads.read()
    except ConfigError:
        return [warning("audit", "audit_note_unusable")]
    if noted is not None and not await log.contains(noted.audit_id, bytes.fromhex(noted.digest)):
        return [warning("audit", "audit_lost", entry=noted.audit_id)]
    next_at = await log.find_at(1 if noted is None else noted.audit_id + 1)
    if next_at is not None and now - next_at > UNNOTED_TOO_LONG:
        return [
            warning("audit", "audit_not_noted", hours=round((now - next_at) / timedelta(hours=1)))
        ]
    return [ok("audit")]
