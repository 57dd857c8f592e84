"""``POST /api/slots/{id}/test``: an administrator tries a slot, saved or not, with a photo."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from photobooth_daemon.administration.preset_samples import PresetSamples
from photobooth_daemon.administration.presets import PresetService
from photobooth_daemon.administration.slots import SlotService
from photobooth_daemon.errors import InvalidRequest, SlotNotFound
from photobooth_daemon.ingest.exchange import Admitted, Received
from photobooth_daemon.model import Slot
from photobooth_daemon.model.presets import Preset
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import unless_refused
from photobooth_daemon.web.incoming.multipart import FormNames
from photobooth_daemon.web.incoming.photo import PhotoNeeds
from photobooth_daemon.web.ingest import PhotoHandler, answer_json, inline_preview
from photobooth_daemon.web.json_text import read_json_text


@dataclass(frozen=True, slots=True)
class _Shown:
    """A recipe that the gallery has no picture of, and the photo that it is tried on."""

    preset: Preset
    recipe: Slot
    photo: bytes = field(repr=False)


class SlotTestHandler(PhotoHandler):
    """The pipeline that cameras use, with the configuration that is being tried."""

    permission = "slots:write"
    names = FormNames(file=("file", "fileToUpload"), long=("config",))

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self,
        base: Base,
        *,
        needs: PhotoNeeds,
        slots: SlotService,
        slot_repository: SlotRepository,
        presets: PresetService,
        samples: PresetSamples,
    ) -> None:
        """Take the slots and the gallery of recipes; the rest is a photo's."""
        super().initialize(base, needs=needs)
        self._presets = presets
        self._samples = samples
        self._shown: _Shown | None = None
        self._slots = slots
        self._slot_list = slot_repository

    async def admit(self) -> None:
        """Give the photo a seat, whatever state the slot is in."""
        found = await self._slot_list.find_for_admission(
            self.path_args[0], self.needs.clock.utcnow()
        )
        if found is None:
            raise SlotNotFound
        slot, settings, _ = found
        # A trial is a trial: an Idempotency-Key would give the last one's picture.
        arrival = replace(self.arrival(), idempotency_key=None)
        admitted = await self.needs.admission.admit_test(slot, settings, arrival)
        content_type = self.request.headers.get("Content-Type", "")
        await self.photo.begin(admitted, self.names, content_type)

    @unless_refused
    async def post(self, slot_id: str) -> None:
        """Run the trial and answer as ingest does in JSON."""
        answer = await self.photo.run(self.set_up)
        shown = self._shown
        if shown is not None and answer.preview is not None:
            await self._samples.keep(
                shown.preset, shown.recipe, answer.job_id, shown.photo, answer.preview
            )
        self.write_answer_headers(answer)
        inline = inline_preview(self.request, of_slot=False)
        self.write_json(answer_json(answer, self.site, self.request, inline=inline), HTTPStatus.OK)

    async def set_up(self, admitted: Admitted, received: Received) -> Admitted:
        """Try the configuration that came along, else the saved one."""
        config = _config(received.fields.pop("config", None))
        recipe = await self._slots.candidate(admitted.slot.slot_id, config)
        preset = await self._presets.find_unseen(recipe)
        if preset is not None:
            # The photo itself is gone when its picture is there.
            photo = await asyncio.to_thread(received.path.read_bytes)
            self._shown = _Shown(preset, recipe, photo)
        return self.needs.admission.with_recipe(admitted, recipe)


def _config(text: str | None) -> Mapping[str, Any]:
    if text is None or not text.strip():
        return {}
    config = read_json_text(text)
    if not isinstance(config, dict):
        raise InvalidRequest("The part config is not a JSON object.")
    return config
