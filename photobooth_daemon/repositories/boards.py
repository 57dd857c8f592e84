"""Board links, and what a board shows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from photobooth_daemon.database.pool import Database, Row
from photobooth_daemon.model.boards import Board, BoardPicture, BoardSlot
from photobooth_daemon.repositories.newest_results import NEWEST_RESULTS

_COLUMNS = "board_id, label, slot_ids, created_at, created_by"


def _board(row: Row) -> Board:
    return Board(**{**dict(row), "slot_ids": tuple(row["slot_ids"])})


class BoardRepository:
    """Reads and writes ``board``; the tokens are known by their digests alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_by_digest(self, token_digest: bytes) -> Board | None:
        """Return the board of a link."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM board WHERE token_digest = $1",  # noqa: S608
                token_digest,
            )
        return None if row is None else _board(row)

    async def list_newest(self, before: tuple[datetime, UUID] | None, limit: int) -> list[Board]:
        """Return boards, newest first, those older than the place ``before``."""
        created_at, board_id = before or (None, None)
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT {_COLUMNS} FROM board"  # noqa: S608
                " WHERE $1::timestamptz IS NULL OR (created_at, board_id) < ($1, $2)"
                " ORDER BY created_at DESC, board_id DESC LIMIT $3",
                created_at,
                board_id,
                limit,
            )
        return [_board(row) for row in rows]

    async def insert(
        self, connection: asyncpg.Connection, board: Board, token_digest: bytes
    ) -> None:
        """Add a board."""
        await connection.execute(
            f"INSERT INTO board ({_COLUMNS}, token_digest)"  # noqa: S608
            " VALUES ($1, $2, $3, $4, $5, $6)",
            board.board_id,
            board.label,
            list(board.slot_ids),
            board.created_at,
            board.created_by,
            token_digest,
        )

    async def delete(self, connection: asyncpg.Connection, board_id: UUID) -> Board | None:
        """Delete a board and return what it was."""
        row = await connection.fetchrow(
            f"DELETE FROM board WHERE board_id = $1 RETURNING {_COLUMNS}",  # noqa: S608
            board_id,
        )
        return None if row is None else _board(row)

    async def list_slots(self, board: Board, now: datetime) -> list[BoardSlot]:
        """Return what a board shows, by slot; hidden and expired pictures are not there."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"""
                SELECT slot.slot_id, slot.display_name,
                       slot.enabled AND slot.provider IS NOT NULL AS enabled,
                       (SELECT count(*) FROM job_history
                         WHERE slot_id = slot.slot_id AND status = 'pending'
                           AND source = 'ingest') AS in_work,
                       newest.failure, coalesce(made.pictures, '[]') AS pictures
                  FROM slot
                  LEFT JOIN LATERAL (
                       SELECT coalesce(provider_code, failure_code) AS failure
                         FROM job_history
                        WHERE slot_id = slot.slot_id AND source = 'ingest' AND status <> 'pending'
                        ORDER BY started_at DESC, job_id DESC LIMIT 1) AS newest ON true
                  LEFT JOIN LATERAL (
                       SELECT jsonb_agg(jsonb_build_object(
                                  'job_id', job_id, 'created_at', started_at)) AS pictures
                         FROM ({NEWEST_RESULTS}) AS found) AS made ON true
                 WHERE $2 = '{{}}'::text[] OR slot.slot_id = ANY($2)
                 ORDER BY slot.slot_id
                """,  # noqa: S608
                now,
                list(board.slot_ids),
            )
        return [
            BoardSlot(
                **{
                    **dict(row),
                    "pictures": tuple(
                        BoardPicture(
                            UUID(found["job_id"]), datetime.fromisoformat(found["created_at"])
                        )
                        for found in row["pictures"]
                    ),
                }
            )
            for row in rows
        ]
