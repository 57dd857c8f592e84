"""Puts recovery and cleanup together on an open database, for the daemon and the command line."""

from __future__ import annotations

from dataclasses import dataclass

from photobooth_daemon.administration.head_keeper import HeadKeeper
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.cleanup import Cleanup
from photobooth_daemon.housekeeping.orphans import Orphans
from photobooth_daemon.housekeeping.recovery import Recovery
from photobooth_daemon.ingest.jobs import Jobs
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.media.in_use import TreeUse
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.events import EventRepository
from photobooth_daemon.repositories.idempotency import IdempotencyRepository
from photobooth_daemon.repositories.jobs import JobRepository
from photobooth_daemon.repositories.prunes import PruneRepository
from photobooth_daemon.repositories.report_cells import ReportCells
from photobooth_daemon.repositories.settings import SettingsRepository
from photobooth_daemon.repositories.stored_media import StoredMedia


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """What keeps the house in order."""

    tree_use: TreeUse
    recovery: Recovery
    cleanup: Cleanup


def build_housekeeping(
    database: Database,
    media_store: MediaStore,
    heads: HeadKeeper,
    live: LivePublisher,
    clock: Clock,
) -> Housekeeping:
    """Return recovery and cleanup for one database, its media tree and its audit log's end."""
    repository = CleanupRepository(database)
    settings = SettingsRepository(database)
    tree_use = media_store.tree_use()
    recovery = Recovery(
        repository=repository,
        jobs=Jobs(
            database,
            JobRepository(database),
            IdempotencyRepository(database),
            live,
            clock,
        ),
        settings=settings,
        events=EventRepository(database),
        media_store=media_store,
        tree_use=tree_use,
        clock=clock,
    )
    cleanup = Cleanup(
        repository=repository,
        prunes=PruneRepository(database),
        report_cells=ReportCells(database),
        audit=AuditRepository(database),
        heads=heads,
        settings=settings,
        recovery=recovery,
        orphans=Orphans(StoredMedia(database), media_store, clock),
        media_store=media_store,
        clock=clock,
    )
    return Housekeeping(tree_use, recovery, cleanup)
