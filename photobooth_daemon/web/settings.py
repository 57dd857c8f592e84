"""``/api/settings``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from photobooth_daemon.administration.settings import SettingsService
from photobooth_daemon.model import SettingsState
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.preconditions import expected_version, set_version


class SettingsHandler(Handler):
    """The settings as one versioned thing."""

    permission: ClassVar[Mapping[str, str]] = {"GET": "settings:read", "PUT": "settings:write"}

    def initialize(self, base: Base, *, settings: SettingsService) -> None:
        super().initialize(base)
        self._settings = settings

    @unless_refused
    async def get(self) -> None:
        """Answer with the settings in force."""
        self._answer(await self._settings.get())

    @unless_refused
    async def put(self) -> None:
        """Put part or all of them in force."""
        body = self.read_json_object()
        expected = expected_version(self, body)
        self._answer(await self._settings.update(body, expected, self.actor()))

    def _answer(self, state: SettingsState) -> None:
        set_version(self, state.version)
        self.write_json(self._settings.view(state))
