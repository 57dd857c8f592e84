"""The shapes of the API's documents as JSON Schema, for the OpenAPI document.

What is checked elsewhere by a table or a schema (settings, slots, params) is
taken from there, never written twice; the tests hold every answer against these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from photobooth_daemon.administration.bounds import BOUNDS
from photobooth_daemon.administration.passwords import MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES
from photobooth_daemon.administration.permissions import PERMISSIONS
from photobooth_daemon.administration.slot_config import SLOT_CONFIG_SCHEMA
from photobooth_daemon.administration.slots import DERIVED_KEYS
from photobooth_daemon.administration.templates import MAX_LABEL_CHARACTERS
from photobooth_daemon.model import JobStatus, Timings
from photobooth_daemon.model.slot_ids import SLOT_ID_PATTERN
from photobooth_daemon.monitoring.reports.stats import OUTCOMES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
MAYBE_COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
NUMBER: Schema = {"type": "number"}
MAYBE_NUMBER: Schema = {"type": ["number", "null"]}
YES_NO: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
MAYBE_INSTANT: Schema = {"type": ["string", "null"], "format": "date-time"}
UUID: Schema = {"type": "string", "format": "uuid"}
MAYBE_UUID: Schema = {"type": ["string", "null"], "format": "uuid"}
ANYTHING: Schema = {"type": "object"}
VERSION: Schema = {"type": "integer", "minimum": 1}
SLOT_ID: Schema = {"type": "string", "pattern": SLOT_ID_PATTERN}
NEW_PASSWORD: Schema = {
    "type": "string",
    "minLength": MIN_PASSWORD_BYTES // 4,
    "maxLength": MAX_PASSWORD_BYTES,
    "description": f"{MIN_PASSWORD_BYTES} to {MAX_PASSWORD_BYTES} bytes of UTF-8, no NUL",
}


def record(properties: Mapping[str, Schema], *optional: str) -> Schema:
    """Return an object that has exactly these properties, all but the named ones always."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def named(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """Return a schema that takes null, too."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    """Return an array's schema."""
    return {"type": "array", "items": schema}


def page_of(schema: Schema) -> Schema:
    """Return the schema of a page of a list."""
    return record({"items": list_of(schema), "next_cursor": MAYBE_TEXT})


def component_schemas() -> dict[str, Schema]:
    """Return every component by its name."""
    return {
        **_accounts(),
        **_settings(),
        **_slots(),
        **_answers(),
    }


def _accounts() -> dict[str, Schema]:
    permissions = list_of({"type": "string", "enum": list(PERMISSIONS)})
    me = {"username": TEXT, "permissions": permissions, "expires_at": INSTANT}
    return {
        "Login": record({"username": TEXT, "password": TEXT}),
        "Session": record({"token": TEXT, "token_type": {"const": "Bearer"}, **me}),
        "Me": record(me),
        "PasswordChange": record({"current_password": TEXT, "new_password": NEW_PASSWORD}),
    }


def _settings() -> dict[str, Schema]:
    values = {key: bound.schema() for key, bound in BOUNDS.items()}
    password = record({"set": YES_NO, "updated_at": MAYBE_INSTANT, "updated_by": MAYBE_TEXT})
    provider = record({"configured": YES_NO, "source": MAYBE_TEXT})
    shown: dict[str, Schema] = {
        "version": VERSION,
        **values,
        "ingest_password": password,
        "public_address": record({"url": MAYBE_TEXT, "source": MAYBE_TEXT}),
        "providers": {"type": "object", "additionalProperties": provider},
        "updated_at": INSTANT,
        "updated_by": TEXT,
    }
    # What GET gives can be PUT back: the rest is read-only, and has to be as it was read.
    change = {**shown, "ingest_password": {"anyOf": [NEW_PASSWORD, password]}}
    return {"Settings": record(shown), "SettingsChange": record(change, *change)}


def _slots() -> dict[str, Schema]:
    config: dict[str, Schema] = dict(SLOT_CONFIG_SCHEMA["properties"])
    result = {
        "job_id": UUID,
        "result_url": TEXT,
        "preview_url": TEXT,
        "created_at": INSTANT,
        "expires_at": INSTANT,
    }
    role = dict.fromkeys(("role", "title", "title_ru", "description", "description_ru"), TEXT)
    operation = record(
        {
            "operation": TEXT,
            "title": TEXT,
            "title_ru": TEXT,
            "schema": ANYTHING,
            "template_roles": list_of(record({**role, "min": COUNT, "max": COUNT})),
        }
    )
    changed = {"updated_at": INSTANT, "updated_by": TEXT}
    last_job = {
        "job_id": UUID,
        "status": words_of(JobStatus),
        "failure_code": MAYBE_TEXT,
        "provider_code": MAYBE_TEXT,
        "started_at": INSTANT,
        "finished_at": MAYBE_INSTANT,
        "total_ms": MAYBE_COUNT,
    }
    # What GET gives can be PUT back: read-only as it was read, what is derived is overlooked.
    change = {"id": SLOT_ID, "version": VERSION, **config, **changed}
    change.update({key: {} for key in sorted(DERIVED_KEYS)})
    summary = ("display_name", "enabled", "provider", "operation", "sync_response_seconds")
    return {
        "Provider": record(
            {
                "provider": TEXT,
                "title": TEXT,
                "title_ru": TEXT,
                "configured": YES_NO,
                "needs_public_url": YES_NO,
                "takes_key": YES_NO,
                "operations": list_of(operation),
            }
        ),
        "SlotConfig": record(config),
        "SlotChange": record(change, *change),
        "RecentResult": record(result),
        "Slot": record(
            {
                "id": SLOT_ID,
                "version": VERSION,
                **config,
                **changed,
                "ingest_url": TEXT,
                "links": {"type": "object", "additionalProperties": TEXT},
                "recent_results": list_of(named("RecentResult")),
                "ready": YES_NO,
                "missing": list_of(record({"pointer": TEXT, "message": TEXT})),
            }
        ),
        "SlotSummary": record(
            {
                "id": SLOT_ID,
                "version": VERSION,
                **{key: config[key] for key in summary},
                **changed,
                "ingest_url": TEXT,
                "last_job": or_null(record(last_job)),
                "last_result": or_null(named("RecentResult")),
                "recent_results": list_of(named("RecentResult")),
                "counts": record(dict.fromkeys((*OUTCOMES, "pending"), COUNT)),
            }
        ),
        "Revision": record(
            {
                "version": VERSION,
                "action": {"enum": ["seed", "update", "reset", "restore", "copy"]},
                "config": named("SlotConfig"),
                "created_at": INSTANT,
                "created_by": TEXT,
            }
        ),
        "SlotCopy": record({"to": SLOT_ID, "version": VERSION}, "version"),
        "VersionOnly": record({"version": VERSION}),
        "TemplateMedia": record(
            {
                "media_id": UUID,
                "label": {"type": "string", "maxLength": MAX_LABEL_CHARACTERS},
                "content_type": picture_type(),
                "width": COUNT,
                "height": COUNT,
                "size_bytes": COUNT,
                "preview_url": TEXT,
                "content_url": TEXT,
                "used_by": list_of(SLOT_ID),
                "created_at": INSTANT,
                "created_by": TEXT,
            }
        ),
    }


def _answers() -> dict[str, Schema]:
    links = ("result_url", "result_link", "page_link", "preview_url")
    fault = record({"pointer": TEXT, "message": TEXT})
    problem = {
        "type": TEXT,
        "title": TEXT,
        "status": WHOLE,
        "code": TEXT,
        "detail": TEXT,
    }
    further = {
        "errors": list_of(fault),
        "job_id": UUID,
        "provider_code": TEXT,
        "still_running": YES_NO,
        "current_version": VERSION,
        "permission": TEXT,
        "slots": list_of(SLOT_ID),
        "event": ANYTHING,
        "events": list_of(ANYTHING),
    }
    return {
        "IngestAnswer": record(
            {
                "job_id": UUID,
                "slot_id": SLOT_ID,
                "status": words_of(JobStatus),
                **dict.fromkeys(links, MAYBE_TEXT),
                "content_type": picture_type(),
                "width": COUNT,
                "height": COUNT,
                "size_bytes": COUNT,
                "expires_at": MAYBE_INSTANT,
                "preview": MAYBE_TEXT,
                "fallback": {"enum": [None, "original"]},
                "timings": record({field.name: COUNT for field in fields(Timings)}),
            }
        ),
        "Health": record({"status": {"enum": ["ok", "degraded", "failing"]}, "checks": ANYTHING}),
        "Status": record({"status": TEXT}),
        "Ready": record({"status": TEXT, "takes_photos": YES_NO}),
        "Problem": {
            "type": "object",
            "properties": {**problem, **further},
            "required": list(problem),
        },
    }


def words_of(words: Any) -> Schema:
    """Return the schema of an enumeration's words."""
    return {"type": "string", "enum": [word.value for word in words]}


def picture_type(*others: str) -> Schema:
    return {"type": "string", "enum": ["image/jpeg", "image/png", "image/webp", *others]}
