"""The slots that there are: fifteen, always the same ones."""

from __future__ import annotations

SLOT_IDS = tuple(f"slot-{number:03d}" for number in range(1, 16))
SLOT_ID_PATTERN = "^slot-0(0[1-9]|1[0-5])$"
"""The same, as JSON Schema says it."""
