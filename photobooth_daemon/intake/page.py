"""The intake about itself, on a port of its own that only this machine should reach."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from tornado.web import Application, RequestHandler

from photobooth_daemon.intake.status import IntakeStatus


class _Page(RequestHandler):
    def initialize(self, status: IntakeStatus) -> None:
        self.status = status

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")


class _StatusPage(_Page):
    def get(self) -> None:
        """Answer with everything there is to know."""
        self.write(self.status.as_json())


class _HealthPage(_Page):
    def get(self) -> None:
        """Answer 200 while every folder is there and no slot is stuck."""
        if not self.status.is_well():
            self.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
        self.write({"status": "ok" if self.status.is_well() else "degraded"})


class _MetricsPage(_Page):
    def get(self) -> None:
        """Answer with the figures in Prometheus' text format."""
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(generate_latest(self.status.registry))


def build_page(status: IntakeStatus) -> Application:
    """Return ``/status``, ``/healthz`` and ``/metrics``."""
    needs: dict[str, Any] = {"status": status}
    return Application(
        [
            (r"/status", _StatusPage, needs),
            (r"/healthz", _HealthPage, needs),
            (r"/metrics", _MetricsPage, needs),
        ],
        log_function=lambda _: None,
    )
