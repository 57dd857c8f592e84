"""Builds what makes photos again."""

from __future__ import annotations

from photobooth_daemon.app.administration import Administration
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.app.ingest import Ingest
from photobooth_daemon.app.makers import Makers
from photobooth_daemon.app.resources import Resources
from photobooth_daemon.ingest.reruns.revival import Revival
from photobooth_daemon.ingest.reruns.room import Room
from photobooth_daemon.ingest.reruns.worker import RerunWorker
from photobooth_daemon.repositories.rerun_queue import RerunQueue


def build_reruns(
    foundation: Foundation,
    resources: Resources,
    makers: Makers,
    administration: Administration,
    ingest: Ingest,
) -> RerunWorker:
    """Return one process' worker, not yet started."""
    database, media_store, clock = foundation.database, foundation.media_store, foundation.clock
    slots, queue = administration.slot_repository, RerunQueue(database)
    return RerunWorker(
        queue=queue,
        jobs=administration.job_repository,
        events=administration.event_repository,
        room=Room(makers.gate, makers.ladder, slots, media_store, clock),
        revival=Revival(
            database=database,
            queue=queue,
            slot_repository=slots,
            ladder=makers.ladder,
            drivers=makers.drivers,
            audit=administration.audit,
            clock=clock,
        ),
        admission=ingest.admission,
        ingest=ingest.story,
        media_store=media_store,
        metrics=resources.metrics,
        in_flight=resources.in_flight,
        clock=clock,
    )
