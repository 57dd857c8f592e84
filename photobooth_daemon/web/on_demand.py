"""``/api/backup`` and ``/api/cleanup``: is one at work, what came of the last one; a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from photobooth_daemon.housekeeping.on_demand import OnDemand, OnDemandState
from photobooth_daemon.repositories.backups import BackupRun
from photobooth_daemon.repositories.cleanup import CleanupRun
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paths import without_paths


class OnDemandHandler(Handler):
    """GET tells, POST begins one where none is at work."""

    permission: ClassVar[Mapping[str, str]] = {"GET": "settings:read", "POST": "settings:write"}

    def initialize(
        self, base: Base, *, work: OnDemand[Any], view: Callable[[Any], dict[str, Any]]
    ) -> None:
        super().initialize(base)
        self._work = work
        self._view = view

    @unless_refused
    async def get(self) -> None:
        """Answer with what is known."""
        self._tell(await self._work.state(), HTTPStatus.OK)

    @unless_refused
    async def post(self) -> None:
        """Answer when a short one is over; with 202 where GET is going to tell of the end."""
        state = await self._work.begin(self.actor())
        is_over = self._work.is_short and not state.at_work
        self._tell(state, HTTPStatus.OK if is_over else HTTPStatus.ACCEPTED)

    def _tell(self, state: OnDemandState[Any], status: HTTPStatus) -> None:
        last = None if state.last is None else self._view(state.last)
        self.write_json({"at_work": state.at_work, "last": last}, status)


def backup_view(run: BackupRun) -> dict[str, Any]:
    """Return what came of a backup as the API gives it."""
    return {**_run_view(run), "size_bytes": run.size_bytes}


def cleanup_view(run: CleanupRun) -> dict[str, Any]:
    """Return what came of a cleanup as the API gives it."""
    return {**_run_view(run), "freed_bytes": run.freed_bytes}


def _run_view(run: BackupRun | CleanupRun) -> dict[str, Any]:
    return {
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "succeeded": run.succeeded,
        "error": without_paths(run.error),
    }
