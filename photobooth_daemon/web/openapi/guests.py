"""Guests' pages in the OpenAPI document: the picture's page, its deletion, its event's logo."""

from __future__ import annotations

from photobooth_daemon.web.openapi.parts import (
    FILE_HEADERS,
    FILE_PROBLEMS,
    PAGE,
    Answer,
    Operation,
    file_answers,
    json_answer,
    picture_answer,
    query,
)
from photobooth_daemon.web.openapi.schemas import (
    COUNT,
    INSTANT,
    TEXT,
    UUID,
    YES_NO,
    page_of,
    record,
)

PAGE_OF_HTML = picture_answer("text/html")
LOGO = {**FILE_PROBLEMS, 404: "media_not_found"}

NO_GALLERY = {404: "gallery_not_found", 410: "gallery_ended"}
PICTURE = {
    "job_id": UUID,
    "preview_url": TEXT,
    "result_url": TEXT,
    "width": COUNT,
    "height": COUNT,
    "created_at": INSTANT,
    "expires_at": INSTANT,
}

GUEST_OPERATIONS = (
    Operation(
        "GET", "/r/{job_id}", "Guests", "The guest's page",
        dict.fromkeys((200, 202, 404, 410), PAGE_OF_HTML),
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
    Operation(
        "GET", "/g/{gallery}", "Guests", "An event's pictures, sixty a page; asks for the PIN",
        dict.fromkeys((200, 404, 410), PAGE_OF_HTML),
        (query("cursor", TEXT, "Where the page before ended."),),
    ),
    Operation(
        "GET", "/g/{gallery}/show", "Guests", "The gallery on a screen; asks for the PIN",
        dict.fromkeys((200, 404, 410), PAGE_OF_HTML),
    ),
    Operation(
        "POST", "/g/{gallery}/pin", "Guests", "Opens the gallery to this browser for 12 hours",
        {
            303: Answer("The cookie is set."),
            **dict.fromkeys((401, 404, 410, 429), PAGE_OF_HTML),
        },
        page_form=record({"pin": TEXT, "to": TEXT}, "to"),
        problems={429: "too_many_attempts"},
    ),
    Operation(
        "GET", "/g/{gallery}/pictures", "Guests", "An event's pictures, newest first",
        {200: json_answer(page_of(record(PICTURE)))},
        PAGE,
        problems={**NO_GALLERY, 401: "pin_required"},
    ),
    Operation(
        "GET", "/g/{gallery}/live", "Guests", "Pictures that come (picture) and go (gone)",
        {200: Answer("Server-sent events.", {"text/event-stream": {}})},
        (query("for", TEXT, "show: has a slideshow's places."),),
        problems={**NO_GALLERY, 401: "pin_required", 429: "rate_limited"},
    ),
    Operation(
        "GET", "/g/{gallery}/archive.zip", "Guests",
        "All of the gallery's pictures as one file, where the event allows it",
        {200: Answer("The archive.", {"application/zip": {}})},
        problems={
            404: "gallery_not_found, not_found",
            410: "gallery_ended",
            401: "pin_required",
            429: "rate_limited",
        },
    ),
    Operation(
        "GET", "/g/{gallery}/qr.svg", "Guests", "The gallery's link as a QR code",
        {200: picture_answer("image/svg+xml")},
        problems={404: "gallery_not_found"},
    ),
    Operation(
        "GET", "/g/{gallery}/logo", "Guests", "The logo of the gallery's event, small",
        file_answers("image/webp"),
        FILE_HEADERS,
        problems=LOGO,
    ),
    Operation(
        "GET", "/api/events/{event_id}/results", "Events",
        "The gallery as administrators see it, hidden pictures too",
        {200: json_answer(page_of(record({**PICTURE, "hidden": YES_NO})))},
        PAGE,
        problems={404: "event_not_found"},
    ),
)  # fmt: skip
