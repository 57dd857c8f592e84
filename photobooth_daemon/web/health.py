"""The probes that load balancers, systemd and monitoring ask: ``/healthz /livez /readyz``."""

from __future__ import annotations

from http import HTTPStatus

from photobooth_daemon.errors import DatabaseUnavailable, ShuttingDown
from photobooth_daemon.monitoring.health import Health, Status
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused


class HealthHandler(Handler):
    """How every part is, with its latency or age."""

    public = True
    served_while_draining = True

    def initialize(self, base: Base, *, health: Health) -> None:
        """Take the health service."""
        super().initialize(base)
        self.health = health

    @unless_refused
    async def get(self) -> None:
        """Answer 200 while photos can be taken, 503 when they cannot."""
        report = await self.health.report()
        failing = report.status is Status.FAILING
        self.write_json(
            {"status": report.status.value, "checks": report.checks},
            HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK,
        )


class LiveHandler(Handler):
    """The process and its loop are alive; nothing else is asked."""

    public = True
    served_while_draining = True

    @unless_refused
    async def get(self) -> None:
        """Answer 200."""
        self.write_json({"status": "alive"})


class ReadyHandler(Handler):
    """Whether this process may be sent traffic."""

    public = True
    served_while_draining = True

    def initialize(self, base: Base, *, health: Health) -> None:
        """Take the health service."""
        super().initialize(base)
        self.health = health

    @unless_refused
    async def get(self) -> None:
        """Answer 200, or 503 when about to stop or without a database.

        A host without space shows its pages and pictures all the same: it says that it takes
        no photos, for a balancer that sends those elsewhere.
        """
        if self.life.leaving or self.life.draining:
            raise ShuttingDown
        failing = await self.health.failing()
        if "database" in failing:
            raise DatabaseUnavailable
        self.write_json({"status": "ready", "takes_photos": not failing})
