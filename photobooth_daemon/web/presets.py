"""``/api/presets``: recipes to set slots up with, with pictures before and after."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from photobooth_daemon.administration.preset_samples import PresetSamples
from photobooth_daemon.administration.presets import PresetService
from photobooth_daemon.model.presets import Preset
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paging import number_cursor, read_limit, read_number_cursor, write_page

CACHE = "private, max-age=3600"


class _PresetHandler(Handler):
    permission: ClassVar[str | Mapping[str, str] | None] = "slots:read"

    def initialize(self, base: Base, *, presets: PresetService) -> None:
        super().initialize(base)
        self._presets = presets


class PresetsHandler(_PresetHandler):
    """``/api/presets``: all of them; a new one."""

    permission: ClassVar[Mapping[str, str]] = {"GET": "slots:read", "POST": "slots:write"}

    @unless_refused
    async def get(self) -> None:
        """Answer with a page of presets: one's own first, then the shipped ones."""
        limit, begin = read_limit(self), read_number_cursor(self) or 0
        found = list(enumerate(await self._presets.list_all(), start=1))
        write_page(
            self,
            [entry for entry in found if entry[0] > begin][: limit + 1],
            limit,
            lambda entry: preset_view(entry[1]),
            lambda entry: number_cursor(entry[0]),
        )

    @unless_refused
    async def post(self) -> None:
        """Make a preset of a slot."""
        preset = await self._presets.create(self.read_json_object(), self.actor())
        self.write_json(preset_view(preset), HTTPStatus.CREATED)


class PresetHandler(_PresetHandler):
    """``/api/presets/{preset_id}``."""

    permission = "slots:write"

    @unless_refused
    async def delete(self, preset_id: str) -> None:
        """Delete a preset that somebody made."""
        await self._presets.delete(preset_id, self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


class PresetSampleHandler(Handler):
    """``…/sample``: the pictures that a test run has made of a recipe."""

    permission = "slots:write"

    def initialize(self, base: Base, *, samples: PresetSamples) -> None:
        super().initialize(base)
        self._samples = samples

    @unless_refused
    async def delete(self, preset_id: str) -> None:
        """Forget them."""
        await self._samples.forget(preset_id, self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


class PresetPictureHandler(_PresetHandler):
    """``…/before`` and ``…/after``: what the recipe was shown on, and what it makes."""

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, presets: PresetService, is_after: bool
    ) -> None:
        """Take which of the two pictures it is."""
        super().initialize(base, presets=presets)
        self._is_after = is_after

    @unless_refused
    async def get(self, preset_id: str) -> None:
        """Answer with the picture."""
        find = self._presets.after if self._is_after else self._presets.before
        picture = await find(preset_id)
        self.set_header("Content-Type", "image/jpeg")
        self.set_header("Cache-Control", CACHE)
        self.write(picture)


def preset_view(preset: Preset) -> dict[str, Any]:
    """Return a preset as the API gives it; links only to pictures that there are."""
    url = f"/api/presets/{preset.preset_id}"
    # A browser keeps pictures for an hour: others have another address.
    since = "" if preset.sampled_at is None else f"?since={int(preset.sampled_at.timestamp())}"
    return {
        "preset_id": preset.preset_id,
        "title": preset.title,
        "provider": preset.provider,
        "operation": preset.operation,
        "params": preset.params,
        "output": preset.output,
        "prompts": preset.prompts,
        "before_url": f"{url}/before{since}" if preset.has_before else None,
        "after_url": f"{url}/after{since}" if preset.has_after else None,
        "builtin": preset.builtin,
    }
