"""Builds what is done with an evening's pictures: shown, handed out, reported, removed, proved."""

from __future__ import annotations

from dataclasses import dataclass

from photobooth_daemon.administration.boards import BoardService
from photobooth_daemon.administration.results import ResultService
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.media.archive import Archives
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.monitoring.reports.event import EventReports
from photobooth_daemon.monitoring.retention import Retention
from photobooth_daemon.repositories.boards import BoardRepository
from photobooth_daemon.repositories.event_photos import EventPhotos
from photobooth_daemon.repositories.event_pictures import EventPictures
from photobooth_daemon.repositories.event_report import EventReportRepository
from photobooth_daemon.repositories.result_ends import ResultEnds
from photobooth_daemon.repositories.retention import RetentionRepository


@dataclass(frozen=True, slots=True)
class Evening:
    """What the daemon's routes and the commands do with pictures that are there."""

    results: ResultService
    archives: Archives
    retention: Retention
    reports: EventReportRepository
    event_reports: EventReports
    boards: BoardService


def build_evening(
    database: Database, administration: Administration, media_store: MediaStore, clock: Clock
) -> Evening:
    """Return it, on one database and one store."""
    audit, reports = administration.audit, EventReportRepository(database)
    return Evening(
        ResultService(database, ResultEnds(), media_store, audit, administration.live, clock),
        Archives(EventPhotos(database), media_store, clock),
        Retention(RetentionRepository(database), media_store, clock),
        reports,
        EventReports(
            reports, EventPictures(database), administration.audit_repository, media_store, clock
        ),
        BoardService(database, BoardRepository(database), audit, clock),
    )
