"""``/api/cleanup``: is one at work, what came of the last one; a new one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from photobooth_daemon.housekeeping.cleanup_on_demand import CleanupOnDemand, CleanupState
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paths import without_paths


class CleanupHandler(Handler):
    """GET tells, POST cleans up."""

    permission: ClassVar[Mapping[str, str]] = {"GET": "settings:read", "POST": "settings:write"}

    def initialize(self, base: Base, *, cleanups: CleanupOnDemand) -> None:
        super().initialize(base)
        self._cleanups = cleanups

    @unless_refused
    async def get(self) -> None:
        """Answer with what is known."""
        self.write_json(_view(await self._cleanups.state()))

    @unless_refused
    async def post(self) -> None:
        """Answer when it is over; 202 where it takes longer, and GET tells of its end."""
        state = await self._cleanups.begin(self.actor())
        self.write_json(_view(state), HTTPStatus.ACCEPTED if state.at_work else HTTPStatus.OK)


def _view(state: CleanupState) -> dict[str, Any]:
    last = state.last
    return {
        "at_work": state.at_work,
        "last": None
        if last is None
        else {
            "started_at": last.started_at,
            "finished_at": last.finished_at,
            "succeeded": last.succeeded,
            "freed_bytes": last.freed_bytes,
            "error": without_paths(last.error),
        },
    }
