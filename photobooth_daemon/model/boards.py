"""A board: a link that shows the live slots to a screen, read-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Board:
    """A link to the live board; without ``slot_ids`` it shows all slots."""

    board_id: UUID
    label: str
    slot_ids: tuple[str, ...]
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class BoardPicture:
    """A picture that a board shows."""

    job_id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BoardSlot:
    """A slot as a board shows it: nothing of its recipe, nobody's name.

    ``failure`` is the reason of the newest photo, if that brought no picture.
    """

    slot_id: str
    display_name: str
    enabled: bool
    in_work: int
    failure: str | None
    pictures: tuple[BoardPicture, ...]
