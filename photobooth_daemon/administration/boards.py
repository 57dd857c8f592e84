"""Board links: made, shown once, taken back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from jsonschema import Draft202012Validator

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import BoardNotFound
from photobooth_daemon.model import Actor
from photobooth_daemon.model.boards import Board, BoardSlot
from photobooth_daemon.model.slot_ids import SLOT_ID_PATTERN
from photobooth_daemon.providers.param_faults import check_body
from photobooth_daemon.repositories.boards import BoardRepository

TOKEN_BYTES = 32
TOKEN_CHARACTERS = 43
BOARD_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "minLength": 1, "maxLength": 80, "pattern": r"\S"},
        "slots": {
            "type": "array",
            "maxItems": 15,
            "items": {"type": "string", "pattern": SLOT_ID_PATTERN},
        },
    },
    "required": ["label"],
    "additionalProperties": False,
}
_VALIDATOR = Draft202012Validator(BOARD_SCHEMA)


class BoardService:
    """Keeps the links; whoever has one sees the board, and nothing else."""

    def __init__(
        self, database: Database, repository: BoardRepository, audit: Audit, clock: Clock
    ) -> None:
        self._database = database
        self._repository = repository
        self._audit = audit
        self._clock = clock

    async def list_newest(self, before: tuple[datetime, UUID] | None, limit: int) -> list[Board]:
        """Return boards, newest first, those older than the place ``before``."""
        return await self._repository.list_newest(before, limit)

    async def create(self, body: Mapping[str, Any], actor: Actor) -> tuple[Board, str]:
        """Make a board and return it with its token, which is nowhere afterwards.

        Raises:
            ValidationFailed: every fault.
        """
        check_body(_VALIDATOR, body)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        board = Board(
            board_id=uuid4(),
            label=body["label"],
            slot_ids=tuple(sorted(set(body.get("slots", ())))),
            created_at=self._clock.utcnow(),
            created_by=actor.username,
        )
        async with self._database.transaction() as connection:
            await self._repository.insert(connection, board, _digest(token))
            await self._audit.record(
                connection,
                actor=actor,
                action="board.create",
                entity=f"board:{board.board_id}",
                after={"label": board.label, "slots": list(board.slot_ids)},
            )
        return board, token

    async def delete(self, board_id: UUID, actor: Actor) -> None:
        """Take a link back; a screen that shows it is told at its next look.

        Raises:
            BoardNotFound: there is none of this id.
        """
        async with self._database.transaction() as connection:
            board = await self._repository.delete(connection, board_id)
            if board is None:
                raise BoardNotFound
            await self._audit.record(
                connection,
                actor=actor,
                action="board.delete",
                entity=f"board:{board_id}",
                before={"label": board.label, "slots": list(board.slot_ids)},
            )

    async def open(self, token: str) -> Board:
        """Return the board that a link belongs to.

        Raises:
            BoardNotFound: it is nobody's, or was taken back.
        """
        if len(token) != TOKEN_CHARACTERS:
            raise BoardNotFound
        # Looked up by its digest: how long that takes tells nothing of the token.
        board = await self._repository.find_by_digest(_digest(token))
        if board is None:
            raise BoardNotFound
        return board

    async def slots_of(self, board: Board) -> list[BoardSlot]:
        """Return what the board shows now."""
        return await self._repository.list_slots(board, self._clock.utcnow())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
