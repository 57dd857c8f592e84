"""``/api/restart``: the service ends and is started again."""

from __future__ import annotations

from http import HTTPStatus

from photobooth_daemon.administration.restart import Restarts
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused


class RestartHandler(Handler):
    """POST begins; photos under way are answered first."""

    permission = "settings:write"

    def initialize(self, base: Base, *, restarts: Restarts) -> None:
        super().initialize(base)
        self._restarts = restarts

    @unless_refused
    async def post(self) -> None:
        """Answer before it ends."""
        await self._restarts.begin(self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)
