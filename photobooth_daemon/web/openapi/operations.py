"""Every operation of the API in words: what it does, takes and answers.

The routes decide what exists and who may call it; a test holds this list
against them, so neither can go without the other.
"""

from __future__ import annotations

from photobooth_daemon.model import JobSource, JobStatus, ResponseMode
from photobooth_daemon.monitoring.reports.windows import WINDOWS
from photobooth_daemon.web.ingest import MAX_KEY_CHARACTERS
from photobooth_daemon.web.openapi.parts import (
    DONE,
    FILE,
    FILE_HEADERS,
    FILE_PROBLEMS,
    FLAG,
    GONE,
    JSON,
    NO_MEDIA,
    NO_SLOT,
    PAGE,
    PICTURES,
    Answer,
    Operation,
    file_answers,
    form_of,
    header,
    json_answer,
    one_of,
    picture_answer,
    query,
)
from photobooth_daemon.web.openapi.schemas import INSTANT, SLOT_ID, TEXT, UUID, named, page_of

OPERATIONS = (
    Operation(
        "POST", "/api/ingest/{slot_id}", "Cameras", "Takes a photo in and answers with the picture",
        {
            200: Answer(
                "The picture: as JSON about it, as itself, or as its link.",
                {
                    JSON: named("IngestAnswer"),
                    **{kind: {} for kind in PICTURES},
                    "text/plain": TEXT,
                },
            )
        },
        (
            query("response", one_of(ResponseMode), "What the body of a 200 is."),
            query("preview", TEXT, "inline puts the preview into the JSON."),
            header("X-Ingest-Password", TEXT, "The password, in place of its field; or Basic."),
            header(
                "Idempotency-Key",
                {"type": "string", "maxLength": MAX_KEY_CHARACTERS},
                "The same key with the same photo gives the first answer again.",
            ),
        ),
        form={
            **form_of((), fileToUpload=FILE, file=FILE, password=TEXT),
            "oneOf": [{"required": ["fileToUpload"]}, {"required": ["file"]}],
            "additionalProperties": TEXT,
        },
        takes_pictures=True,
        problems={
            401: "invalid_password",
            404: "slot_not_found, slot_disabled",
            408: "upload_timeout",
            413: "payload_too_large",
            415: "unsupported_media_type",
            422: "invalid_image, idempotency_key_reused",
            429: "rate_limited, too_many_attempts",
            502: "provider_error",
            504: "provider_timeout",
            507: "storage_full",
        },
    ),
    Operation(
        "GET", "/public/results/{job_id}", "Guests", "The picture",
        file_answers(*PICTURES),
        (query("download", TEXT, "1 asks for an attachment."), *FILE_HEADERS),
        problems={**GONE, **FILE_PROBLEMS},
    ),
    Operation(
        "GET", "/public/results/{job_id}/preview", "Guests", "The picture, small",
        file_answers("image/jpeg", "image/webp"),
        FILE_HEADERS,
        problems={**GONE, **FILE_PROBLEMS},
    ),
    Operation(
        "GET", "/public/results/{job_id}/qr.svg", "Guests", "The guest page's link as a QR code",
        {200: picture_answer("image/svg+xml")},
        problems=GONE,
    ),
    Operation(
        "GET", "/public/media/{media_id}", "Guests", "A provider's temporary input",
        file_answers(*PICTURES),
        FILE_HEADERS,
        problems={404: "media_not_found", 410: "media_expired", **FILE_PROBLEMS},
    ),
    Operation(
        "POST", "/api/login", "Accounts", "Gives a token and the session cookie",
        {200: json_answer("Session")},
        body=named("Login"),
        problems={401: "invalid_credentials", 422: "validation_failed", 429: "too_many_attempts"},
    ),
    Operation("POST", "/api/logout", "Accounts", "Revokes this token", DONE),
    Operation("GET", "/api/me", "Accounts", "Who am I", {200: json_answer("Me")}),
    Operation(
        "PUT", "/api/me/password", "Accounts", "Replaces my password and ends my sessions", DONE,
        body=named("PasswordChange"),
        problems={422: "validation_failed", 429: "too_many_attempts"},
    ),
    Operation(
        "GET", "/api/settings", "Settings", "The settings in force",
        {200: json_answer("Settings")},
    ),
    Operation(
        "PUT", "/api/settings", "Settings", "Puts part or all of the settings in force",
        {200: json_answer("Settings")},
        body=named("SettingsChange"),
        versioned=True,
        problems={422: "validation_failed"},
    ),
    Operation(
        "GET", "/api/providers", "Slots", "What slots can be made of",
        {200: json_answer(page_of(named("Provider")))},
        PAGE,
    ),
    Operation(
        "GET", "/api/slots", "Slots", "All slots at a glance",
        {200: json_answer(page_of(named("SlotSummary")))},
        PAGE,
    ),
    Operation(
        "GET", "/api/slots/{slot_id}", "Slots", "One slot, whole",
        {200: json_answer("Slot")},
        problems=NO_SLOT,
    ),
    Operation(
        "PUT", "/api/slots/{slot_id}", "Slots", "Puts part or all of a slot in force",
        {200: json_answer("Slot")},
        body=named("SlotChange"),
        versioned=True,
        problems={**NO_SLOT, 422: "validation_failed"},
    ),
    Operation(
        "DELETE", "/api/slots/{slot_id}", "Slots", "Makes a slot unconfigured and off", DONE,
        versioned=True,
        problems=NO_SLOT,
    ),
    Operation(
        "POST", "/api/slots/{slot_id}/copy", "Slots",
        "Puts everything but the name on another slot, switched off",
        {200: json_answer("Slot")},
        body=named("SlotCopy"),
        versioned=True,
        problems={**NO_SLOT, 422: "validation_failed"},
    ),
    Operation(
        "GET", "/api/slots/{slot_id}/revisions", "Slots", "What a slot was, newest first",
        {200: json_answer(page_of(named("Revision")))},
        PAGE,
        problems=NO_SLOT,
    ),
    Operation(
        "POST", "/api/slots/{slot_id}/revisions/{version}/restore", "Slots",
        "Brings a version back, as a new one",
        {200: json_answer("Slot")},
        body=named("VersionOnly"),
        body_required=False,
        versioned=True,
        problems={404: "slot_not_found, not_found", 422: "validation_failed"},
    ),
    Operation(
        "POST", "/api/slots/{slot_id}/test", "Slots", "Tries a slot, saved or not, with a photo",
        {200: json_answer("IngestAnswer")},
        (query("preview", TEXT, "inline puts the preview into the JSON."),),
        form=form_of(("file",), file=FILE, config=TEXT),
        problems={
            404: "slot_not_found",
            408: "upload_timeout",
            413: "payload_too_large",
            415: "unsupported_media_type",
            422: "validation_failed, invalid_image",
            429: "rate_limited",
            502: "provider_error",
            504: "provider_timeout",
            507: "storage_full",
        },
    ),
    Operation(
        "POST", "/api/template-media/register", "Template media", "Adds a picture to the library",
        {201: json_answer("TemplateMedia", "It is in the library.")},
        form=form_of(("file",), file=FILE, label=TEXT),
        problems={
            408: "upload_timeout",
            422: "invalid_image, unsupported_media_type, payload_too_large, validation_failed",
            507: "storage_full",
        },
    ),
    Operation(
        "GET", "/api/template-media", "Template media", "The library, newest first",
        {200: json_answer(page_of(named("TemplateMedia")))},
        PAGE,
    ),
    Operation(
        "GET", "/api/template-media/{media_id}", "Template media", "One picture's facts",
        {200: json_answer("TemplateMedia")},
        problems=NO_MEDIA,
    ),
    Operation(
        "DELETE", "/api/template-media/{media_id}", "Template media", "Removes a picture", DONE,
        (query("unbind", FLAG, "Take it out of the slots that use it."),),
        problems={**NO_MEDIA, 409: "in_use"},
    ),
    Operation(
        "GET", "/api/template-media/{media_id}/content", "Template media", "The picture",
        file_answers(*PICTURES),
        FILE_HEADERS,
        problems={**NO_MEDIA, **FILE_PROBLEMS},
    ),
    Operation(
        "GET", "/api/template-media/{media_id}/preview", "Template media", "The picture, small",
        file_answers("image/webp"),
        FILE_HEADERS,
        problems={**NO_MEDIA, **FILE_PROBLEMS},
    ),
    Operation(
        "GET", "/api/jobs", "History", "What happened to each photo, newest first",
        {200: json_answer(page_of(named("Job")))},
        (
            *PAGE,
            query("slot", SLOT_ID, "Of this slot."),
            query("status", one_of(JobStatus), "That ended so."),
            query("source", one_of(JobSource), "From a camera, or a test run."),
            query("since", INSTANT, "Started at or after."),
            query("event", UUID, "Of this event."),
        ),
    ),
    Operation(
        "GET", "/api/jobs/{job_id}", "History", "The story of one photo",
        {200: json_answer("JobStory")},
        problems={404: "job_not_found"},
    ),
    Operation(
        "GET", "/api/stats", "History", "Outcomes, shares, percentiles and series",
        {200: json_answer("Stats")},
        (
            query("window", one_of(WINDOWS), "How far back."),
            query("event", UUID, "Of this event instead, exactly."),
        ),
        problems={404: "event_not_found"},
    ),
    Operation(
        "GET", "/api/report", "History", "How it went: JSON, a text, a table, or a page",
        {
            200: Answer(
                "The report.",
                {JSON: named("Report"), "text/plain": TEXT, "text/html": TEXT, "text/csv": TEXT},
            )
        },
        (
            query("since", INSTANT, "From when; by default a day before until."),
            query("until", INSTANT, "Until when; by default now."),
            query("format", one_of(("json", "html", "text", "csv")), "What to answer with."),
            query("locale", one_of(("ru", "en")), "The language of text and page."),
        ),
    ),
    Operation(
        "GET", "/api/readiness", "Operations", "Whether everything is ready for tonight",
        {200: json_answer("Readiness")},
    ),
    Operation(
        "POST", "/api/readiness", "Operations",
        "The same, with a photo sent through each slot that is on",
        {200: json_answer("Readiness")},
    ),
    Operation(
        "GET", "/api/audit", "History", "Who changed what, when and from where, newest first",
        {200: json_answer(page_of(named("AuditEntry")))},
        (
            *PAGE,
            query("actor", {"type": "string", "minLength": 1, "maxLength": 200}, "By whom."),
            query("action", {"type": "string", "minLength": 1, "maxLength": 200}, "Which action."),
            query(
                "entity",
                {"type": "string", "minLength": 1, "maxLength": 200},
                "About what: slot:slot-001, slot, or slot-001.",
            ),
            query("since", INSTANT, "At or after."),
            query("event", UUID, "About this event, or a photo of it."),
        ),
    ),
    Operation(
        "GET", "/api/live", "History", "What changes, as it changes (server-sent events)",
        {200: Answer("A stream without an end.", {"text/event-stream": TEXT})},
        ({"name": "Last-Event-ID", "in": "header", "schema": TEXT},),
    ),
    Operation(
        "GET", "/healthz", "Operations", "How every part is",
        {200: json_answer("Health"), 503: json_answer("Health", "Photos cannot be taken.")},
    ),
    Operation("GET", "/livez", "Operations", "The process lives", {200: json_answer("Status")}),
    Operation(
        "GET", "/readyz", "Operations", "Whether it may be sent traffic",
        {200: json_answer("Ready")},
    ),
    Operation(
        "GET", "/metrics", "Operations", "Figures for Prometheus",
        {200: Answer("Text.", {"text/plain": TEXT, "application/openmetrics-text": TEXT})},
    ),
    Operation(
        "GET", "/api/openapi.json", "Operations", "This document",
        {200: json_answer({"type": "object"})},
    ),
    Operation(
        "GET", "/api/docs", "Operations", "A page to read it", {200: picture_answer("text/html")}
    ),
)  # fmt: skip
