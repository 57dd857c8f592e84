"""The audit log as a test writes to it, with the note of its end in a directory."""

from __future__ import annotations

from pathlib import Path

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.audit_head import NAME, NotedHead
from photobooth_daemon.administration.head_keeper import HeadKeeper
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.repositories.audit import AuditRepository

KEY = b"k" * 32


def keeper_in(directory: Path, database: Database, key: bytes = KEY) -> HeadKeeper:
    """Return what notes the log's end in the directory."""
    return HeadKeeper(NotedHead(directory / NAME, key), AuditRepository(database))


def audit_in(directory: Path, database: Database, clock: Clock, key: bytes = KEY) -> Audit:
    """Return the log of a machine whose files lie in the directory."""
    return Audit(AuditRepository(database), clock, key, keeper_in(directory, database, key))
