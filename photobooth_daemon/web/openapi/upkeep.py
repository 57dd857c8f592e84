"""Alerts, backups and cleanups in the OpenAPI document."""

from __future__ import annotations

from photobooth_daemon.administration.alert_channels import CHANNEL_SCHEMAS
from photobooth_daemon.web.openapi.parts import DONE, Operation, json_answer
from photobooth_daemon.web.openapi.schemas import (
    COUNT,
    INSTANT,
    MAYBE_TEXT,
    YES_NO,
    Schema,
    list_of,
    named,
    or_null,
    record,
)

CHANNEL: Schema = {"type": "string", "enum": list(CHANNEL_SCHEMAS)}


def upkeep_schemas() -> dict[str, Schema]:
    """Return the components that alerts, backups and cleanups need."""
    run = {
        "started_at": INSTANT,
        "finished_at": INSTANT,
        "succeeded": YES_NO,
        "size_bytes": COUNT,
        "error": MAYBE_TEXT,
    }
    cleanup = {
        "started_at": INSTANT,
        "finished_at": INSTANT,
        "succeeded": YES_NO,
        "freed_bytes": COUNT,
        "error": MAYBE_TEXT,
    }
    channel = {"channel": CHANNEL, "source": MAYBE_TEXT, "leads_to": MAYBE_TEXT}
    told = {"channel": CHANNEL, "ok": YES_NO, "error": MAYBE_TEXT}
    return {
        "Backup": record({"at_work": YES_NO, "last": or_null(record(run))}),
        "Cleanup": record({"at_work": YES_NO, "last": or_null(record(cleanup))}),
        "Alerts": record({"channels": list_of(record(channel))}),
        "AlertTest": record({"items": list_of(record(told))}),
        "AlertChannel": {"anyOf": [dict(schema) for schema in CHANNEL_SCHEMAS.values()]},
    }


UPKEEP_OPERATIONS = (
    Operation(
        "GET", "/api/alerts", "Operations", "Who is told of alerts, and by which way",
        {200: json_answer("Alerts")},
    ),
    Operation(
        "PUT", "/api/alerts/{channel}", "Operations",
        "Puts a channel in force; its secrets are never read back",
        DONE,
        body=named("AlertChannel"),
        problems={
            404: "alert_channel_not_found",
            409: "key_managed_elsewhere",
            422: "validation_failed",
        },
    ),
    Operation(
        "DELETE", "/api/alerts/{channel}", "Operations", "Forgets a channel",
        DONE,
        problems={404: "alert_channel_not_found", 409: "key_managed_elsewhere"},
    ),
    Operation(
        "POST", "/api/alert-test", "Operations",
        "Sends a test message through every channel",
        {200: json_answer("AlertTest")},
    ),
    Operation(
        "DELETE", "/api/alert-maintenance", "Operations",
        "Ends the time in which alerts are quiet",
        DONE,
    ),
    Operation(
        "GET", "/api/backup", "Operations", "Whether a backup is being made, and the last one",
        {200: json_answer("Backup")},
    ),
    Operation(
        "POST", "/api/backup", "Operations", "Begins a backup where none is being made",
        {202: json_answer("Backup")},
    ),
    Operation(
        "GET", "/api/cleanup", "Operations", "Whether a cleanup is at work, and the last one",
        {200: json_answer("Cleanup")},
    ),
    Operation(
        "POST", "/api/cleanup", "Operations",
        "Cleans up; 202 where that takes longer than a while",
        {200: json_answer("Cleanup"), 202: json_answer("Cleanup")},
    ),
    Operation(
        "POST", "/api/restart", "Operations",
        "Ends the service once its photos are answered; what started it starts it again",
        DONE,
        problems={409: "restart_not_possible, configuration_faulty"},
    ),
)  # fmt: skip
