"""Presets: recipes that ship with the program, and those that administrators made of slots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid4

from jsonschema import Draft202012Validator

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.preset_samples import PresetSamples
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import (
    BuiltinPreset,
    Fault,
    PresetNotFound,
    SlotNotFound,
    ValidationFailed,
)
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Actor, Output, Slot
from photobooth_daemon.model.presets import PROMPT, Preset
from photobooth_daemon.providers.param_faults import check_body
from photobooth_daemon.repositories.job_lists import JobLists
from photobooth_daemon.repositories.presets import PresetRepository
from photobooth_daemon.repositories.slots import SlotRepository

MOST_PRESETS = 200
DRAWS_ITSELF = "local"
"""The provider whose samples are made here, of the sample photo, when they are asked for."""
_TITLE = {"type": "string", "minLength": 1, "maxLength": 80, "pattern": r"\S"}
PRESET_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "slot_id": {"type": "string", "maxLength": 20},
        "title": {
            "type": "object",
            "properties": {"ru": _TITLE, "en": _TITLE},
            "required": ["ru", "en"],
            "additionalProperties": False,
        },
    },
    "required": ["slot_id", "title"],
    "additionalProperties": False,
}
_VALIDATOR = Draft202012Validator(PRESET_SCHEMA)


class PresetService:
    """Keeps the gallery of recipes, with a picture before and after where there is one."""

    def __init__(
        self,
        database: Database,
        repository: PresetRepository,
        slots: SlotRepository,
        job_lists: JobLists,
        media_store: MediaStore,
        audit: Audit,
        clock: Clock,
        samples: PresetSamples,
    ) -> None:
        """``samples`` keeps the pictures that presets are shown by."""
        self._database = database
        self._repository = repository
        self._slots = slots
        self._job_lists = job_lists
        self._media_store = media_store
        self._audit = audit
        self._clock = clock
        self._samples = samples
        self._builtin = {preset.preset_id: preset for preset in _shipped()}

    async def list_all(self) -> list[Preset]:
        """Return every preset: one's own first, newest first, then the shipped ones."""
        made = await self._samples.list_made()
        return [
            _shown_by(preset, made.get(preset.preset_id))
            for preset in (*await self._repository.list_newest(), *self._builtin.values())
        ]

    async def find_unseen(self, slot: Slot) -> Preset | None:
        """Return the preset that a slot's recipe is, if there is no picture of it yet."""
        return next(
            (
                preset
                for preset in await self.list_all()
                if not preset.has_after and preset.is_recipe_of(slot)
            ),
            None,
        )

    async def create(self, body: Mapping[str, Any], actor: Actor) -> Preset:
        """Make a preset of a slot, with the slot's newest picture as its sample.

        Raises:
            SlotNotFound: there is none of this id.
            ValidationFailed: every fault; a slot without a recipe gives none.
        """
        check_body(_VALIDATOR, body)
        slot = await self._slots.find(body["slot_id"])
        if slot is None:
            raise SlotNotFound
        if slot.provider is None or slot.operation is None:
            message = "This slot has no recipe yet: choose its provider and operation."
            raise ValidationFailed([Fault("/slot_id", message)])
        picture = await self._newest_preview(slot)
        preset = Preset(
            preset_id=str(uuid4()),
            title=body["title"],
            provider=slot.provider,
            operation=slot.operation,
            params=slot.params,
            output=asdict(slot.output),
            has_after=picture is not None,
        )
        async with self._database.transaction() as connection:
            if await self._repository.count(connection) >= MOST_PRESETS:
                message = f"There are {MOST_PRESETS} presets already: delete one first."
                raise ValidationFailed([Fault("", message)])
            await self._repository.insert(
                connection, preset, picture, self._clock.utcnow(), actor.username
            )
            await self._audit.record(
                connection,
                actor=actor,
                action="preset.create",
                entity=f"preset:{preset.preset_id}",
                after={"title": dict(preset.title), "slot_id": slot.slot_id},
            )
        return preset

    async def delete(self, preset_id: str, actor: Actor) -> None:
        """Delete a preset.

        Raises:
            PresetNotFound: there is none of this id.
            BuiltinPreset: it came with the program.
        """
        if preset_id in self._builtin:
            raise BuiltinPreset
        async with self._database.transaction() as connection:
            if not await self._repository.delete(connection, _own_id(preset_id)):
                raise PresetNotFound
            await self._samples.drop(connection, preset_id)
            await self._audit.record(
                connection, actor=actor, action="preset.delete", entity=f"preset:{preset_id}"
            )

    async def before(self, preset_id: str) -> bytes:
        """Return the photo that a preset's sample was made of, a JPEG.

        Raises:
            PresetNotFound: there is none.
        """
        made = await self._samples.find_made(preset_id)
        if made is not None:
            return made[0]
        if preset_id not in self._builtin:
            raise PresetNotFound
        return await self._samples.photo()

    async def after(self, preset_id: str) -> bytes:
        """Return the picture that a preset makes, a JPEG.

        Raises:
            PresetNotFound: there is none.
        """
        made = await self._samples.find_made(preset_id)
        if made is not None:
            return made[1]
        builtin = self._builtin.get(preset_id)
        if builtin is not None and builtin.has_after:
            return await self._samples.draw(builtin)
        picture = None if builtin else await self._repository.find_after(_own_id(preset_id))
        if picture is None:
            raise PresetNotFound
        return picture

    async def _newest_preview(self, slot: Slot) -> tuple[UUID, bytes] | None:
        recent = await self._job_lists.recent_results(slot.slot_id, self._clock.utcnow(), 1)
        if not recent:
            return None
        found = await self._media_store.find_preview(recent[0].job_id)
        if found is None or found[1] != "image/jpeg":
            return None
        try:
            return recent[0].job_id, await self._media_store.read(found[0])
        except FileNotFoundError:
            # It expired just now.
            return None


def _shipped() -> list[Preset]:
    found = json.loads((files(__package__) / "presets.json").read_text("utf-8"))
    output = asdict(Output())
    return [
        Preset(
            **entry,
            **_params_of(entry),
            output=output,
            builtin=True,
            has_before=True,
            has_after=entry["provider"] == DRAWS_ITSELF,
        )
        for entry in found
    ]


def _params_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {} if "params" in entry else {"params": {PROMPT: entry["prompts"]["en"]}}


def _shown_by(preset: Preset, sampled_at: datetime | None) -> Preset:
    if sampled_at is None:
        return preset
    return replace(preset, has_before=True, has_after=True, sampled_at=sampled_at)


def _own_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise PresetNotFound from error
