"""The gauges of this process, read where the truth is."""

from __future__ import annotations

from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.ingest.waiting.gate import Gate
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model.slot_ids import SLOT_IDS


class Gauges:
    """Sets what is cheap to read: before each scrape, and often for scrapes of its siblings."""

    def __init__(self, metrics: Metrics, gate: Gate, ladder: Ladder, database: Database) -> None:
        self._metrics = metrics
        self._gate = gate
        self._ladder = ladder
        self._database = database

    def refresh(self) -> None:
        """Set every gauge to what holds now."""
        self._metrics.ingest_in_flight.set(self._gate.seats())
        slots = self._gate.figures().slots
        for slot_id in SLOT_IDS:
            waiting = slots[slot_id].waiting if slot_id in slots else 0
            self._metrics.ingest_waiting.labels(slot_id).set(waiting)
        self._ladder.refresh_metrics()
        pool = self._database.figures()
        connections = self._metrics.database_pool_connections
        connections.labels("idle").set(pool["idle"])
        connections.labels("busy").set(pool["size"] - pool["idle"])
        self._metrics.database_pool_max_connections.set(pool["max"])
