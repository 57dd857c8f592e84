"""Presets in the OpenAPI document: their shapes and their operations."""

from __future__ import annotations

from photobooth_daemon.administration.presets import PRESET_SCHEMA
from photobooth_daemon.administration.slot_config import SLOT_CONFIG_SCHEMA
from photobooth_daemon.web.openapi.parts import DONE, PAGE, Operation, json_answer, picture_answer
from photobooth_daemon.web.openapi.schemas import (
    ANYTHING,
    MAYBE_TEXT,
    TEXT,
    YES_NO,
    Schema,
    named,
    or_null,
    page_of,
    record,
)

NO_PRESET = {404: "preset_not_found"}


def preset_schemas() -> dict[str, Schema]:
    """Return the components that presets need."""
    return {
        "Preset": record(
            {
                "preset_id": TEXT,
                "title": record({"ru": TEXT, "en": TEXT}),
                "provider": TEXT,
                "operation": TEXT,
                "params": ANYTHING,
                "output": SLOT_CONFIG_SCHEMA["properties"]["output"],
                "prompts": or_null(record({"ru": TEXT, "en": TEXT})),
                "before_url": MAYBE_TEXT,
                "after_url": MAYBE_TEXT,
                "builtin": YES_NO,
            }
        ),
        "NewPreset": dict(PRESET_SCHEMA),
    }


PRESET_OPERATIONS = (
    Operation(
        "GET", "/api/presets", "Slots", "Recipes: one's own first, then the shipped ones",
        {200: json_answer(page_of(named("Preset")))},
        PAGE,
    ),
    Operation(
        "POST", "/api/presets", "Slots", "Makes a recipe of a slot, with its newest picture",
        {201: json_answer("Preset")},
        body=named("NewPreset"),
        problems={404: "slot_not_found", 422: "validation_failed"},
    ),
    Operation(
        "DELETE", "/api/presets/{preset_id}", "Slots", "Deletes a recipe that somebody made",
        DONE,
        problems={**NO_PRESET, 409: "builtin_preset"},
    ),
    Operation(
        "GET", "/api/presets/{preset_id}/before", "Slots", "The photo of a recipe's sample",
        {200: picture_answer("image/jpeg")},
        problems=NO_PRESET,
    ),
    Operation(
        "GET", "/api/presets/{preset_id}/after", "Slots", "The picture of a recipe's sample",
        {200: picture_answer("image/jpeg")},
        problems=NO_PRESET,
    ),
    Operation(
        "DELETE", "/api/presets/{preset_id}/sample", "Slots",
        "Forgets the pictures that a test run has made of a recipe",
        DONE,
        problems=NO_PRESET,
    ),
)  # fmt: skip
