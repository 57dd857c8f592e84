"""The hosts and processes of an installation, as they show themselves to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from photobooth_daemon.model.alerts import Troubles


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a process has seen of its connections that somebody should know: addresses, the last."""

    forwarded_by: str | None = None
    """Sends X-Forwarded-For from this network, and is no trusted proxy."""
    plain_from: str | None = None
    """Came with a password, and not by TLS."""


@dataclass(frozen=True, slots=True)
class HostPresence:
    """One host as its processes showed themselves last; ``processes`` is 0 for a silent one.

    Its disk has so much room, and at the pace of the last hour is full in so many hours.
    """

    host: str
    processes: int
    versions: tuple[str, ...]
    config_digests: tuple[str, ...]
    started_at: datetime
    seen_at: datetime
    free_bytes: int | None = None
    hours_until_full: float | None = None


@dataclass(frozen=True, slots=True)
class DaemonProcess:
    """One process of the daemon."""

    process_id: UUID
    host: str
    pid: int
    version: str
    config_digest: str
    started_at: datetime
    noticed: Noticed
    free_bytes: int | None = None
    hours_until_full: float | None = None
    troubles: Troubles = field(default_factory=Troubles)
