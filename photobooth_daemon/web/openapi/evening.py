"""The shapes of what is asked before and after an event: readiness, the intake, the report."""

from __future__ import annotations

from photobooth_daemon.monitoring.intake_page import IntakeState, PhotoOutcome
from photobooth_daemon.monitoring.readiness.model import State
from photobooth_daemon.web.openapi.schemas import (
    COUNT,
    INSTANT,
    MAYBE_COUNT,
    MAYBE_INSTANT,
    MAYBE_NUMBER,
    MAYBE_TEXT,
    NUMBER,
    SLOT_ID,
    TEXT,
    UUID,
    YES_NO,
    Schema,
    list_of,
    record,
    words_of,
)


def event_report_schema() -> Schema:
    """Return the shape of an event's own report, which may leave out what it cost."""
    event = {
        "event_id": UUID,
        "name": TEXT,
        "title": TEXT,
        "starts_at": INSTANT,
        "ends_at": INSTANT,
    }
    override = {"at": INSTANT, "kind": TEXT, "subject": TEXT, "reason": TEXT}
    return report_schema("cost", event=record(event), overrides=list_of(record(override)))


def report_schema(*optional: str, **more: Schema) -> Schema:
    """Return the shape of a report; ``optional`` is what it may leave out, at all levels."""
    durations = record(dict.fromkeys(("p50_ms", "p95_ms", "longest_ms"), MAYBE_COUNT))
    slot = {"slot_id": SLOT_ID, "display_name": TEXT, "p95_ms": MAYBE_COUNT, "cost": NUMBER}
    counts: dict[str, Schema] = dict.fromkeys(("photos", "done", "timeouts", "failures"), COUNT)
    stretch = record({"at": INSTANT, "photos": COUNT, "done": COUNT})
    return record(
        {
            "since": INSTANT,
            "until": INSTANT,
            **counts,
            "pending": COUNT,
            "fallbacks": COUNT,
            "made_again": COUNT,
            "ready_p90_ms": MAYBE_COUNT,
            "success_percent": MAYBE_NUMBER,
            "total": durations,
            "provider": durations,
            "received_bytes": COUNT,
            "result_bytes": COUNT,
            "cost": NUMBER,
            "first_at": MAYBE_INSTANT,
            "last_at": MAYBE_INSTANT,
            "slots": list_of(record({**slot, **counts}, *optional)),
            "causes": list_of(record({"status": TEXT, "code": TEXT, "photos": COUNT})),
            "providers": list_of(
                record(
                    {"provider": TEXT, "photos": COUNT, "attempts": COUNT, "cost": NUMBER},
                    *optional,
                )
            ),
            "slowest": list_of(
                record(
                    {
                        "job_id": UUID,
                        "slot_id": SLOT_ID,
                        "status": TEXT,
                        "provider": MAYBE_TEXT,
                        "total_ms": COUNT,
                        "provider_ms": COUNT,
                        "started_at": INSTANT,
                    }
                )
            ),
            "hours": list_of(stretch),
            "quarters": list_of(stretch),
            **more,
        },
        *optional,
    )


def readiness_schema() -> Schema:
    """Return the shape of a readiness check."""
    both = record({"en": TEXT, "ru": TEXT})
    return record(
        {
            "ready": YES_NO,
            "checked_at": INSTANT,
            "live": YES_NO,
            "hosts": list_of(
                record(
                    {
                        "host": TEXT,
                        "processes": COUNT,
                        "versions": list_of(TEXT),
                        "config_digests": list_of(TEXT),
                        "started_at": INSTANT,
                        "seen_at": INSTANT,
                    }
                )
            ),
            "items": list_of(
                record(
                    {
                        "check": TEXT,
                        "code": TEXT,
                        "state": words_of(State),
                        "subject": MAYBE_TEXT,
                        "title": both,
                        "found": both,
                        "cure": {"type": ["object", "null"]},
                        "facts": {"type": "object"},
                    }
                )
            ),
        }
    )


def intake_schema() -> Schema:
    """Return the shape of how photos come in by FTP and from folders."""
    photo = {
        "name": TEXT,
        "at": INSTANT,
        "outcome": words_of(PhotoOutcome),
        "code": MAYBE_TEXT,
        "reason": {"type": ["object", "null"]},
        "source": MAYBE_TEXT,
        "job_id": MAYBE_TEXT,
    }
    ftp = {
        "enabled": YES_NO,
        "running": YES_NO,
        "address": MAYBE_TEXT,
        "port": COUNT,
        "passive_ports": list_of(COUNT),
        "tls": {"enum": ["off", "offered", "required"]},
    }
    slot = {
        "slot_id": SLOT_ID,
        "users": list_of(TEXT),
        "folder": TEXT,
        "results_folder": TEXT,
        "status": {"type": ["object", "null"]},
        "photos": list_of(record(photo)),
    }
    return record(
        {
            "state": words_of(IntakeState),
            "ftp": record(ftp),
            "free_bytes": MAYBE_COUNT,
            "slots": list_of(record(slot)),
        }
    )
