"""Builds what makes photos again."""

from __future__ import annotations

from collections.abc import Mapping

from photobooth_daemon.app.ingest import IngestParts
from photobooth_daemon.ingest.admission import AdmissionService
from photobooth_daemon.ingest.reruns.revival import Revival
from photobooth_daemon.ingest.reruns.room import Room
from photobooth_daemon.ingest.reruns.worker import RerunWorker
from photobooth_daemon.ingest.story import IngestService
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.repositories.rerun_queue import RerunQueue


def build_reruns(
    parts: IngestParts,
    admission: AdmissionService,
    ingest: IngestService,
    drivers: Mapping[str, ProviderDriver],
) -> RerunWorker:
    """Return one process' worker, not yet started."""
    administration = parts.administration
    queue = RerunQueue(parts.database)
    return RerunWorker(
        queue=queue,
        jobs=administration.job_repository,
        events=administration.event_repository,
        room=Room(
            parts.gate,
            parts.ladder,
            administration.slot_repository,
            parts.media_store,
            parts.clock,
        ),
        revival=Revival(
            database=parts.database,
            queue=queue,
            slot_repository=administration.slot_repository,
            ladder=parts.ladder,
            drivers=drivers,
            audit=administration.audit,
            clock=parts.clock,
        ),
        admission=admission,
        ingest=ingest,
        media_store=parts.media_store,
        metrics=parts.metrics,
        in_flight=parts.in_flight,
        clock=parts.clock,
    )
