"""Board links in the OpenAPI document: their shapes and their operations."""

from __future__ import annotations

from photobooth_daemon.administration.boards import BOARD_SCHEMA
from photobooth_daemon.web.openapi.parts import (
    DONE,
    PAGE,
    Answer,
    Operation,
    json_answer,
    picture_answer,
)
from photobooth_daemon.web.openapi.schemas import (
    COUNT,
    INSTANT,
    MAYBE_TEXT,
    SLOT_ID,
    TEXT,
    UUID,
    YES_NO,
    Schema,
    list_of,
    named,
    page_of,
    record,
)

NO_BOARD = {404: "board_not_found"}


def board_schemas() -> dict[str, Schema]:
    """Return the components that boards need."""
    shown = {
        "board_id": UUID,
        "label": TEXT,
        "slots": list_of(SLOT_ID),
        "created_at": INSTANT,
        "created_by": TEXT,
    }
    slot = {
        "slot_id": SLOT_ID,
        "display_name": TEXT,
        "enabled": YES_NO,
        "in_work": COUNT,
        "failure": MAYBE_TEXT,
        "pictures": list_of(record({"preview_url": TEXT, "created_at": INSTANT})),
    }
    return {
        "Board": record(shown),
        "NewBoard": dict(BOARD_SCHEMA),
        "BoardWithLink": record({**shown, "link": TEXT, "qr_svg": TEXT}),
        "BoardState": record(
            {
                "label": TEXT,
                "events": list_of(record({"name": TEXT, "ends_at": INSTANT})),
                "slots": list_of(record(slot)),
            }
        ),
    }


BOARD_OPERATIONS = (
    Operation(
        "GET", "/api/boards", "Boards", "The links to the live board, newest first",
        {200: json_answer(page_of(named("Board")))},
        PAGE,
    ),
    Operation(
        "POST", "/api/boards", "Boards", "Makes a link, which is shown this once",
        {201: json_answer("BoardWithLink")},
        body=named("NewBoard"),
        problems={422: "validation_failed"},
    ),
    Operation(
        "DELETE", "/api/boards/{board_id}", "Boards", "Takes a link back",
        DONE,
        problems=NO_BOARD,
    ),
    Operation(
        "GET", "/board/state", "Boards", "What a screen shows, known by its cookie",
        {200: json_answer("BoardState")},
        problems=NO_BOARD,
    ),
    Operation(
        "GET", "/board/live", "Boards", "Says that it has changed (server-sent events)",
        {200: Answer("A stream without an end.", {"text/event-stream": TEXT})},
        problems={**NO_BOARD, 429: "rate_limited"},
    ),
    Operation(
        "GET", "/board/{token}", "Boards", "The board for a screen; leaves its cookie",
        {200: picture_answer("text/html")},
        problems=NO_BOARD,
    ),
)  # fmt: skip
