"""``/api/readiness``: is everything ready for tonight?"""

from __future__ import annotations

from photobooth_daemon.monitoring.readiness.json_form import report_json
from photobooth_daemon.monitoring.readiness.service import Readiness
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused


class ReadinessHandler(Handler):
    """GET looks; POST also sends a photo through each slot that is on, which may cost money."""

    permission = {"GET": "settings:read", "POST": "slots:write"}  # noqa: RUF012

    def initialize(self, base: Base, *, readiness: Readiness) -> None:
        """Take the check."""
        super().initialize(base)
        self._readiness = readiness

    @unless_refused
    async def get(self) -> None:
        """Answer with what was found, without a live probe."""
        self.write_json(report_json(await self._readiness.check(live=False)))

    @unless_refused
    async def post(self) -> None:
        """Answer with what was found, live probes included."""
        self.write_json(report_json(await self._readiness.check(live=True)))
