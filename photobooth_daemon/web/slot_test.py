"""``POST /api/slots/{id}/test``: an administrator tries a slot, saved or not, with a photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from photobooth_daemon.administration.slots import SlotService
from photobooth_daemon.errors import InvalidRequest, SlotNotFound
from photobooth_daemon.ingest.exchange import Admitted, Received
from photobooth_daemon.repositories.slots import SlotRepository
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.ingest import PhotoHandler, answer_json, inline_preview
from photobooth_daemon.web.json_text import read_json_text
from photobooth_daemon.web.multipart import FormNames
from photobooth_daemon.web.photo import PhotoNeeds


class SlotTestHandler(PhotoHandler):
    """The pipeline that cameras use, with the configuration that is being tried."""

    permission = "slots:write"
    names = FormNames(file=("file", "fileToUpload"), long=("config",))

    def initialize(  # type: ignore[override] # Tornado calls it with each route's own keywords
        self, base: Base, *, needs: PhotoNeeds, slots: SlotService, slot_list: SlotRepository
    ) -> None:
        """Take the slots; the rest is a photo's."""
        super().initialize(base, needs=needs)
        self._slots = slots
        self._slot_list = slot_list

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

    async def post(self, slot_id: str) -> None:
        """Run the trial and answer as ingest does in JSON."""
        answer = await self.photo.run(self.set_up)
        self.write_answer_headers(answer)
        inline = inline_preview(self.request, of_slot=False)
        self.write_json(answer_json(answer, self.site, self.request, inline=inline), HTTPStatus.OK)

    async def set_up(self, admitted: Admitted, received: Received) -> Admitted:
        """Try the configuration that came along, else the saved one."""
        config = _config(received.fields.pop("config", None))
        recipe = await self._slots.candidate(admitted.slot.slot_id, config)
        return self.needs.admission.with_recipe(admitted, recipe)


def _config(text: str | None) -> Mapping[str, Any]:
    if text is None or not text.strip():
        return {}
    config = read_json_text(text)
    if not isinstance(config, dict):
        raise InvalidRequest("The part config is not a JSON object.")
    return config
