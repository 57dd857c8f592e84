"""Failures of setting up slots, providers, presets and boards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from photobooth_daemon.errors.base import NotFound, PhotoboothError


class SlotNotFound(NotFound):
    code = "slot_not_found"
    default_detail = "There is no slot of this id; the slots are slot-001 to slot-015."


class ProviderNotFound(NotFound):
    code = "provider_not_found"
    default_detail = "There is no provider of this name that takes a key."


class KeyManagedElsewhere(PhotoboothError):
    code = "key_managed_elsewhere"

    def __init__(self, source: str | None) -> None:
        super().__init__(f"This comes from the {source}: change it there and restart.")


class RestartNotPossible(PhotoboothError):
    code = "restart_not_possible"
    default_detail = (
        "Nothing starts this service again by itself, or it is one host of several:"
        " restart it on its machine."
    )


class ConfigurationFaulty(PhotoboothError):
    code = "configuration_faulty"
    default_detail = (
        "The service would not start again: `photoboothctl config check` on its machine says why."
    )


class AlertChannelNotFound(NotFound):
    code = "alert_channel_not_found"
    default_detail = "There is no such channel; there are telegram, email and webhook."


class RevisionNotFound(NotFound):
    default_detail = "This slot has no such version in its history."


class InUse(PhotoboothError):
    code = "in_use"

    def __init__(self, slot_ids: Sequence[str]) -> None:
        super().__init__(f"Still bound to {', '.join(slot_ids)}; unbind it or pass unbind=1.")
        self.slot_ids = tuple(slot_ids)

    def extra(self) -> dict[str, Any]:
        return {"slots": list(self.slot_ids)}


class PresetNotFound(NotFound):
    code = "preset_not_found"
    default_detail = "There is no preset of this id, or no such picture of it."


class BuiltinPreset(PhotoboothError):
    code = "builtin_preset"
    default_detail = "This preset came with the program and stays."


class BoardNotFound(NotFound):
    code = "board_not_found"
    default_detail = "There is no board of this link."
