"""``/api/alerts``: the ways in which people are told, set up and tried."""

from __future__ import annotations

from http import HTTPStatus

from photobooth_daemon.administration.alert_channels import AlertChannels
from photobooth_daemon.monitoring.alerts.maintenance import Maintenance
from photobooth_daemon.monitoring.alerts.trial import AlertTrial
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused


class AlertsHandler(Handler):
    """``/api/alerts``: which channels there are, and where they lead; never a secret."""

    permission = "settings:read"

    def initialize(self, base: Base, *, channels: AlertChannels) -> None:
        super().initialize(base)
        self._channels = channels

    @unless_refused
    async def get(self) -> None:
        """Answer with every channel, set up or not."""
        self.write_json({"channels": await self._channels.view()})


class AlertChannelHandler(Handler):
    """``/api/alerts/{channel}``: written, never read."""

    permission = "settings:write"

    def initialize(self, base: Base, *, channels: AlertChannels) -> None:
        super().initialize(base)
        self._channels = channels

    @unless_refused
    async def put(self, channel: str) -> None:
        """Put it in force."""
        await self._channels.set(channel, self.read_json_object(), self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)

    @unless_refused
    async def delete(self, channel: str) -> None:
        """Forget it."""
        await self._channels.delete(channel, self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


class AlertTestHandler(Handler):
    """``/api/alert-test``: a message to everyone who would be told."""

    permission = "settings:write"

    def initialize(self, base: Base, *, trial: AlertTrial) -> None:
        super().initialize(base)
        self._trial = trial

    @unless_refused
    async def post(self) -> None:
        """Send it, and answer with what became of it in each channel."""
        told = await self._trial.run()
        items = [
            {"channel": one.channel, "ok": one.error is None, "error": one.error} for one in told
        ]
        self.write_json({"items": items})


class AlertMaintenanceHandler(Handler):
    """``/api/alert-maintenance``: the time in which nobody is told."""

    permission = "settings:write"

    def initialize(self, base: Base, *, maintenance: Maintenance) -> None:
        super().initialize(base)
        self._maintenance = maintenance

    @unless_refused
    async def delete(self) -> None:
        """End it now."""
        await self._maintenance.end(self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)
