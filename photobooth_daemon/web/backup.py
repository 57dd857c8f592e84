"""``/api/backup``: is one being made, what came of the last one; a new one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from photobooth_daemon.housekeeping.backup.on_demand import BackupOnDemand, BackupState
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paths import without_paths


class BackupHandler(Handler):
    """GET tells, POST begins one where none is being made."""

    permission: ClassVar[Mapping[str, str]] = {"GET": "settings:read", "POST": "settings:write"}

    def initialize(self, base: Base, *, backups: BackupOnDemand) -> None:
        super().initialize(base)
        self._backups = backups

    @unless_refused
    async def get(self) -> None:
        """Answer with what is known."""
        self.write_json(_view(await self._backups.state()))

    @unless_refused
    async def post(self) -> None:
        """Begin one; it is ready when GET says that none is being made any more."""
        self.write_json(_view(await self._backups.begin(self.actor())), HTTPStatus.ACCEPTED)


def _view(state: BackupState) -> dict[str, Any]:
    last = state.last
    return {
        "at_work": state.at_work,
        "last": None
        if last is None
        else {
            "started_at": last.started_at,
            "finished_at": last.finished_at,
            "succeeded": last.error is None,
            "size_bytes": last.size_bytes,
            "error": without_paths(last.error),
        },
    }
