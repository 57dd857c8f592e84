"""Builds what is done with an evening's pictures: shown, handed out, reported, removed, proved."""

from __future__ import annotations

from dataclasses import dataclass

from photobooth_daemon.administration.boards import BoardService
from photobooth_daemon.administration.results import ResultService
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.media.archive import Archives
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


def build_evening(foundation: Foundation, administration: Administration) -> Evening:
    """Return it, on the installation's database and store."""
    database, media_store, clock = foundation.database, foundation.media_store, foundation.clock
    audit, reports = administration.audit, EventReportRepository(database)
    return Evening(
        ResultService(database, ResultEnds(), media_store, audit, foundation.live, clock),
        Archives(EventPhotos(database), media_store, clock),
        Retention(RetentionRepository(database), media_store, clock),
        reports,
        EventReports(
            reports, EventPictures(database), administration.audit_repository, media_store, clock
        ),
        BoardService(database, BoardRepository(database), audit, clock),
    )
