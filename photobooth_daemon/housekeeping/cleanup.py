"""Expires results, closes abandoned jobs, drops orphans and rows that nobody can ask for.

Everything is done in small batches, each of which stands alone: a run that is
killed at any point leaves nothing half done that the next one would not end.
Files go before the rows that speak of them are marked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from photobooth_daemon.administration.head_keeper import HeadKeeper
from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import (
    CleanupFailed,
    DatabaseUnavailable,
    PhotoboothError,
)
from photobooth_daemon.housekeeping.orphans import Orphans
from photobooth_daemon.housekeeping.recovery import Recovery
from photobooth_daemon.housekeeping.removals import Removals
from photobooth_daemon.media.keys import key_of
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import MediaKind, MediaObject
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.prunes import PruneRepository, list_prunes
from photobooth_daemon.repositories.report_cells import KEPT_DAYS, ReportCells
from photobooth_daemon.repositories.settings import SettingsRepository

BATCH_SIZE = 200
EXPIRED_AT_ONCE = 1000
"""What a bucket takes in one request to remove."""

log = logging.getLogger(__name__)

_KINDS = {
    MediaKind.RESULT: "results",
    MediaKind.PREVIEW: "previews",
    MediaKind.ORIGINAL: "originals",
    MediaKind.PROVIDER_INPUT: "provider_inputs",
}


@dataclass(frozen=True, slots=True)
class CleanupReport:
    """What a run did; ``skipped`` when another one was at work."""

    outcome: str
    dry_run: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    freed_bytes: int = 0
    duration_ms: int = 0
    run_id: int | None = None


class Cleanup:
    """One run at a time, on any host."""

    def __init__(
        self,
        *,
        repository: CleanupRepository,
        prunes: PruneRepository,
        report_cells: ReportCells,
        audit: AuditRepository,
        heads: HeadKeeper,
        settings: SettingsRepository,
        recovery: Recovery,
        orphans: Orphans,
        media_store: MediaStore,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._prunes = prunes
        self._report_cells = report_cells
        self._audit = audit
        self._heads = heads
        self._settings = settings
        self._recovery = recovery
        self._orphans = orphans
        self._media_store = media_store
        self._clock = clock

    async def run(self, *, dry_run: bool = False) -> CleanupReport:
        """Clean up, or leave at once if somebody else does.

        Raises:
            CleanupFailed: an error ended the run; its row says so.
            DatabaseUnavailable: there was nothing to work on.
        """
        async with self._repository.only_one() as alone:
            if not alone:
                log.info("cleanup skipped: another one is at work")
                return CleanupReport("skipped", dry_run)
            return await self._run_alone(dry_run)

    async def _run_alone(self, dry_run: bool) -> CleanupReport:
        started = self._clock.monotonic()
        removals = Removals(dry_run=dry_run)
        run_id = None if dry_run else await self._repository.start_run(self._clock.utcnow())
        error: PhotoboothError | OSError | None = None
        try:
            # Here, so that a directory that cannot be used is on record as a failed run.
            await asyncio.to_thread(self._media_store.create)
            await self._steps(removals)
            if removals.refused:
                error = CleanupFailed(f"{removals.refused} objects could not be removed.")
        except (PhotoboothError, OSError) as caught:
            error = caught
        report = CleanupReport(
            "done" if error is None else "failed",
            dry_run,
            dict(sorted(removals.counts.items())),
            removals.freed_bytes,
            round((self._clock.monotonic() - started) * 1000),
            run_id,
        )
        await self._finish(report, error)
        return report

    async def _steps(self, removals: Removals) -> None:
        await self._recovery.run(removals)
        await self._expire_media(removals)
        await self._orphans.remove_files(removals)
        await self._prune(removals)
        await self._orphans.end_lost(removals)
        if not removals.dry_run:
            await self._add_up()

    async def _expire_media(self, removals: Removals) -> None:
        """Remove the files of expired objects; their rows stay and answer 410."""
        now = self._clock.utcnow()
        last: MediaObject | None = None
        while True:
            batch = await self._repository.list_expired_media(now, last, EXPIRED_AT_ONCE)
            gone = await self._remove(batch, removals)
            if gone and not removals.dry_run:
                ids = [media.media_id for media in gone]
                await self._repository.mark_cleaned(ids, self._clock.utcnow())
            for media in gone:
                removals.count(
                    _KINDS[media.kind],
                    media_id=str(media.media_id),
                    job_id=str(media.job_id),
                    size_bytes=media.size_bytes,
                )
            if len(batch) < EXPIRED_AT_ONCE:
                return
            last = batch[-1]

    async def _remove(self, batch: Sequence[MediaObject], removals: Removals) -> list[MediaObject]:
        """Remove their files, and return those that have none any more."""
        keys = [key_of(media) for media in batch]
        kept = {} if removals.dry_run else await self._media_store.remove_many(keys)
        gone = []
        for media, key in zip(batch, keys, strict=True):
            if key in kept:
                facts = {"media_id": str(media.media_id), "job_id": str(media.job_id)}
                removals.refuse(kept[key], **facts)
                continue
            removals.freed_bytes += media.size_bytes
            gone.append(media)
        return gone

    async def _prune(self, removals: Removals) -> None:
        settings = (await self._settings.get()).values
        history = timedelta(days=settings.history_days)
        for prune in list_prunes(self._clock.utcnow(), history):
            if removals.dry_run:
                removals.count(prune.kind, await self._prunes.count(prune))
                continue
            while number := await self._prunes.delete(prune, BATCH_SIZE):
                removals.count(prune.kind, number)
                if number < BATCH_SIZE:
                    break

    async def _add_up(self) -> None:
        """Add up what reports would look at photo by photo."""
        history = timedelta(days=(await self._settings.get()).values.history_days)
        now = self._clock.utcnow()
        oldest = now - min(history, timedelta(days=KEPT_DAYS))
        while await self._report_cells.keep(now, oldest):
            pass

    async def _finish(self, report: CleanupReport, error: PhotoboothError | OSError | None) -> None:
        """Record and log the run.

        Raises:
            CleanupFailed: the run had an error.
            DatabaseUnavailable: the database went away.
        """
        text = None if error is None else _brief(error)
        if report.run_id is not None and not isinstance(error, DatabaseUnavailable):
            await self._repository.finish_run(
                report.run_id, self._clock.utcnow(), report.counts, report.freed_bytes, text
            )
        facts = {
            "run_id": report.run_id,
            "dry_run": report.dry_run,
            "counts": report.counts,
            "freed_bytes": report.freed_bytes,
            "duration_ms": report.duration_ms,
            "error": text,
        }
        if error is None:
            head = await self._audit.head()
            if not report.dry_run:
                await self._heads.note(head)
            chain = {"audit_id": head.audit_id, "audit_digest": head.digest.hex()}
            log.info("cleanup finished", extra={**facts, **chain})
            return
        log.error("cleanup failed", extra=facts)
        if isinstance(error, DatabaseUnavailable):
            raise error
        raise CleanupFailed(f"Cleanup failed: {text}") from error


def _brief(error: PhotoboothError | OSError) -> str:
    if isinstance(error, PhotoboothError):
        return error.detail
    return f"{error.strerror or type(error).__name__}: {error.filename or ''}".strip(": ")
