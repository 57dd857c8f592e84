"""The module of the UI that says what the daemon takes: made of the shapes that it checks by.

So a page cannot refuse what the daemon takes, nor let somebody type what it refuses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from photobooth_daemon.administration.accounts import ACCOUNT_SCHEMA
from photobooth_daemon.administration.alert_channels import CHANNEL_SCHEMAS
from photobooth_daemon.administration.boards import BOARD_SCHEMA
from photobooth_daemon.administration.bounds import BOUNDS
from photobooth_daemon.administration.event_config import EVENT_CONFIG_SCHEMA, LONGEST
from photobooth_daemon.administration.passwords import MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES
from photobooth_daemon.administration.presets import PRESET_SCHEMA
from photobooth_daemon.administration.provider_keys import KEY_SCHEMA
from photobooth_daemon.administration.slot_config import SLOT_CONFIG_SCHEMA
from photobooth_daemon.administration.stated_reason import (
    FEWEST_REASON_CHARACTERS,
    MOST_REASON_CHARACTERS,
)
from photobooth_daemon.administration.templates import MAX_LABEL_CHARACTERS
from photobooth_daemon.model.slot_ids import SLOT_IDS

PATH = "core/bounds.js"
HEAD = "// What the daemon takes, as JSON Schema: made by it of the shapes that it checks by.\n"


def bounds_module() -> bytes:
    """Return the module's text: an export a line."""
    lines = [
        f"export const {name} = {json.dumps(value, separators=(',', ':'))};\n"
        for name, value in _exports().items()
    ]
    return (HEAD + "".join(lines)).encode("ascii")


def _exports() -> Mapping[str, Any]:
    return {
        "SLOT_IDS": SLOT_IDS,
        "SLOT": SLOT_CONFIG_SCHEMA["properties"],
        "SETTINGS": {key: bound.schema() for key, bound in BOUNDS.items()},
        "EVENT": EVENT_CONFIG_SCHEMA["properties"],
        "LONGEST_EVENT_DAYS": LONGEST.days,
        "ACCOUNT": ACCOUNT_SCHEMA["properties"],
        "BOARD": BOARD_SCHEMA["properties"],
        "ALERT_CHANNELS": {name: one["properties"] for name, one in CHANNEL_SCHEMAS.items()},
        "PRESET": PRESET_SCHEMA["properties"],
        "TEMPLATE": {"label": {"type": "string", "maxLength": MAX_LABEL_CHARACTERS}},
        "PROVIDER_KEY": KEY_SCHEMA,
        "PASSWORD_BYTES": {"minimum": MIN_PASSWORD_BYTES, "maximum": MAX_PASSWORD_BYTES},
        "REASON": {
            "type": "string",
            "minLength": FEWEST_REASON_CHARACTERS,
            "maxLength": MOST_REASON_CHARACTERS,
        },
    }
