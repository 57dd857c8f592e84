"""Events in the OpenAPI document: their shapes and their operations."""

from __future__ import annotations

from photobooth_daemon.administration.event_config import (
    EVENT_CONFIG_SCHEMA,
    GALLERY_READ_ONLY_KEYS,
    NEEDED_KEYS,
)
from photobooth_daemon.administration.events import DERIVED_KEYS, READ_ONLY_KEYS
from photobooth_daemon.model.events import EventState
from photobooth_daemon.web.openapi.parts import (
    DONE,
    FILE_HEADERS,
    FILE_PROBLEMS,
    FLAG,
    JSON,
    PAGE,
    PHOTOS,
    Answer,
    Operation,
    file_answers,
    json_answer,
    one_of,
    query,
)
from photobooth_daemon.web.openapi.schemas import (
    COUNT,
    INSTANT,
    MAYBE_INSTANT,
    MAYBE_TEXT,
    TEXT,
    UUID,
    VERSION,
    YES_NO,
    Schema,
    named,
    page_of,
    record,
    words_of,
)

NO_EVENT = {404: "event_not_found"}


def event_schemas() -> dict[str, Schema]:
    """Return the components that events need."""
    config: dict[str, Schema] = dict(EVENT_CONFIG_SCHEMA["properties"])
    changed = {"updated_at": INSTANT, "updated_by": TEXT}
    gallery = {"enabled": YES_NO, "pin_set": YES_NO, "archive": YES_NO, "link": MAYBE_TEXT}
    guest = {**config["guest"], "required": list(config["guest"]["properties"])}
    stamp = {
        "anyOf": [
            {
                **config["stamp"],
                "type": "object",
                "required": list(config["stamp"]["properties"]),
            },
            {"type": "null"},
        ]
    }
    shown = {
        "event_id": UUID,
        "version": VERSION,
        **config,
        "gallery": record(gallery),
        "guest": guest,
        "stamp": stamp,
        "state": words_of(EventState),
        "reruns": _reruns(),
        "counts": record(dict.fromkeys(("photos", "done", "failed", "timeout", "fallback"), COUNT)),
        **changed,
    }
    # What GET gives can be PUT back: read-only as it was read, what is derived is overlooked.
    change_of_gallery = {
        **config["gallery"],
        "properties": {
            **config["gallery"]["properties"],
            **{key: {} for key in GALLERY_READ_ONLY_KEYS},
        },
    }
    change = {**config, "gallery": change_of_gallery}
    overlooked: dict[str, Schema] = {key: {} for key in (*READ_ONLY_KEYS, *sorted(DERIVED_KEYS))}
    kept = {
        "results": COUNT,
        "originals": COUNT,
        "oldest_at": MAYBE_INSTANT,
        "newest_expires_at": MAYBE_INSTANT,
    }
    retention = {
        "as_of": INSTANT,
        "kept": record(kept),
        "past_their_time": COUNT,
        "orphans": COUNT,
    }
    return {
        "Retention": record(retention),
        "Event": record(shown),
        "EventPlan": record(change, *(key for key in change if key not in NEEDED_KEYS)),
        "EventChange": record({**overlooked, **change}, *overlooked, *change),
    }


def _reruns() -> Schema:
    return record(dict.fromkeys(("queued", "running", "done", "failed"), COUNT))


RERUNS = json_answer(record({"rerun": _reruns()}))

EVENT_OPERATIONS = (
    Operation(
        "GET", "/api/events", "Events", "Evenings, those that begin last first",
        {200: json_answer(page_of(named("Event")))},
        PAGE,
    ),
    Operation(
        "POST", "/api/events", "Events", "Plans an evening",
        {201: json_answer("Event")},
        body=named("EventPlan"),
        problems={409: "slot_taken", 422: "validation_failed"},
    ),
    Operation(
        "GET", "/api/events/{event_id}", "Events", "One evening, whole",
        {200: json_answer("Event")},
        problems=NO_EVENT,
    ),
    Operation(
        "PUT", "/api/events/{event_id}", "Events", "Changes part or all of it",
        {200: json_answer("Event")},
        body=named("EventChange"),
        versioned=True,
        problems={**NO_EVENT, 409: "slot_taken", 422: "validation_failed"},
    ),
    Operation(
        "DELETE", "/api/events/{event_id}", "Events", "Forgets it; its jobs and results stay",
        DONE,
        (query("purge", FLAG, "1 removes its results, previews and originals, too."),),
        body=named("VersionOnly"),
        body_required=False,
        versioned=True,
        problems=NO_EVENT,
    ),
    Operation(
        "POST", "/api/events/{event_id}/purge", "Events",
        "Removes every result, preview and original of it, now",
        {202: json_answer(record({"removed": COUNT}))},
        problems=NO_EVENT,
    ),
    Operation(
        "GET", "/api/events/{event_id}/archive.zip", "Events",
        "Every picture of it, as one file that is made while it is sent, and an index",
        {200: Answer("The archive.", {"application/zip": {}})},
        (query("originals", FLAG, "1 adds the photos as they came, where they are kept."),),
        problems={**NO_EVENT, 429: "rate_limited"},
    ),
    Operation(
        "GET", "/api/events/{event_id}/report", "Events",
        "How it went: data, a text, a table, or a page to hand to the client",
        {
            200: Answer(
                "The report.",
                {
                    JSON: named("EventReport"),
                    "text/html": TEXT,
                    "text/plain": TEXT,
                    "text/csv": TEXT,
                },
            )
        },
        (
            query("format", one_of(("json", "html", "text", "csv")), "Goes before Accept."),
            query("locale", one_of(("ru", "en")), "By default the event's, else the setting's."),
            query("cost", FLAG, "0 leaves out what it cost."),
        ),
        problems=NO_EVENT,
    ),
    Operation(
        "GET", "/api/events/{event_id}/retention", "Events",
        "What is kept of it, until when, and that nothing older is: rows and disk compared",
        {200: json_answer("Retention")},
        problems=NO_EVENT,
    ),
    Operation(
        "POST", "/api/events/{event_id}/gallery/renew", "Events",
        "Gives the gallery another link; the old one answers 404",
        {200: json_answer("Event")},
        body=named("VersionOnly"),
        body_required=False,
        problems={**NO_EVENT, 409: "version_conflict"},
    ),
    Operation(
        "GET", "/api/jobs/{job_id}/original", "Events", "The photo as it came, where it is kept",
        file_answers(*PHOTOS),
        FILE_HEADERS,
        problems={**FILE_PROBLEMS, 404: "job_not_found, original_not_kept"},
    ),
    Operation(
        "GET", "/api/events/{event_id}/rerun", "Events", "How its reruns are",
        {200: RERUNS},
        problems=NO_EVENT,
    ),
    Operation(
        "POST", "/api/events/{event_id}/rerun", "Events",
        "Queues every photo that has an original and no picture to be made again",
        {202: RERUNS},
        body=record(
            {
                "statuses": {
                    "type": "array",
                    "items": {"type": "string", "enum": ["failed", "timeout"]},
                    "minItems": 1,
                }
            },
            "statuses",
        ),
        body_required=False,
        problems={**NO_EVENT, 422: "validation_failed"},
    ),
    Operation(
        "DELETE", "/api/events/{event_id}/rerun", "Events",
        "Empties the queue; what runs goes on",
        DONE,
        problems=NO_EVENT,
    ),
    Operation(
        "POST", "/api/jobs/{job_id}/rerun", "Events", "Queues a photo to be made again",
        {202: json_answer(record({"job_id": UUID}))},
        problems={404: "job_not_found", 409: "original_not_kept, already_done"},
    ),
    Operation(
        "PUT", "/api/jobs/{job_id}/visibility", "Events", "Hides a picture from its gallery",
        DONE,
        body=record({"hidden": YES_NO}),
        problems={404: "job_not_found", 422: "validation_failed"},
    ),
    Operation(
        "DELETE", "/api/jobs/{job_id}/result", "Events",
        "Removes a job's result, preview and original, now",
        DONE,
        problems={404: "job_not_found, result_not_found"},
    ),
)  # fmt: skip
