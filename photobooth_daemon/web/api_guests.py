"""Guests' pages in the OpenAPI document: the picture's page, its deletion, its event's logo."""

from __future__ import annotations

from photobooth_daemon.web.api_parts import (
    FILE_HEADERS,
    FILE_PROBLEMS,
    Answer,
    Operation,
    file_answers,
    picture_answer,
    query,
)
from photobooth_daemon.web.api_schemas import TEXT, record

PAGE_OF_HTML = picture_answer("text/html")
LOGO = {**FILE_PROBLEMS, 404: "media_not_found"}

GUEST_OPERATIONS = (
    Operation(
        "GET", "/r/{job_id}", "Guests", "The guest's page",
        dict.fromkeys((200, 404, 410), PAGE_OF_HTML),
        (query("k", TEXT, "The guest's key: with it the page offers to delete the picture."),),
    ),
    Operation(
        "POST", "/r/{job_id}/delete", "Guests", "Removes everything of a photo, for its guest",
        {303: Answer("It is gone; the page says so."), 403: PAGE_OF_HTML, 404: PAGE_OF_HTML},
        page_form=record({"k": TEXT}),
    ),
    Operation(
        "GET", "/r/{job_id}/logo", "Guests", "The logo of the photo's event, small",
        file_answers("image/webp"),
        FILE_HEADERS,
        problems=LOGO,
    ),
)  # fmt: skip
