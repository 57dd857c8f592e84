"""Jobs, statistics and the audit log in the OpenAPI document."""

from __future__ import annotations

from photobooth_daemon.model import JobSource, JobStatus
from photobooth_daemon.monitoring.reports.durations import SHARES
from photobooth_daemon.monitoring.reports.stats import EVENT, OUTCOMES
from photobooth_daemon.monitoring.reports.windows import WINDOWS
from photobooth_daemon.web.openapi.schemas import (
    ANYTHING,
    COUNT,
    INSTANT,
    MAYBE_COUNT,
    MAYBE_INSTANT,
    MAYBE_NUMBER,
    MAYBE_TEXT,
    MAYBE_UUID,
    NUMBER,
    SLOT_ID,
    TEXT,
    UUID,
    VERSION,
    WHOLE,
    YES_NO,
    Schema,
    list_of,
    picture_type,
    record,
    words_of,
)


def history_schemas() -> dict[str, Schema]:
    percentiles = record(dict.fromkeys(SHARES, MAYBE_COUNT))
    figures = {
        "jobs": record(dict.fromkeys(("ended", *OUTCOMES, "pending"), COUNT)),
        "success_share": MAYBE_NUMBER,
        "timeout_share": MAYBE_NUMBER,
        "reasons": {"type": "object", "additionalProperties": COUNT},
        "total_ms": percentiles,
        "provider_ms": percentiles,
        "bytes": record({"input": COUNT, "result": COUNT}),
        "cost": NUMBER,
    }
    series = {status: list_of(COUNT) for status in OUTCOMES}
    return {
        "Job": record(_job()),
        "JobStory": record(
            {
                **_job(),
                "trying": {
                    "type": ["object", "null"],
                    "properties": {
                        "number": COUNT,
                        "provider": TEXT,
                        "operation": TEXT,
                        "model": MAYBE_TEXT,
                    },
                },
                "prompts": list_of(
                    record(
                        {
                            "provider": TEXT,
                            "operation": TEXT,
                            "params": {"type": "object", "additionalProperties": TEXT},
                        }
                    )
                ),
            }
        ),
        "Stats": record(
            {
                "window": {"enum": [*WINDOWS, EVENT]},
                "since": INSTANT,
                "until": INSTANT,
                "total": record(figures),
                "slots": list_of(record({"slot_id": SLOT_ID, **figures, "series": record(series)})),
                "series": record(
                    {
                        "step_seconds": COUNT,
                        "at": list_of(INSTANT),
                        **series,
                        "p95_total_ms": list_of(MAYBE_COUNT),
                    }
                ),
            }
        ),
        "AuditEntry": record(
            {
                "id": COUNT,
                "at": INSTANT,
                "actor": TEXT,
                "action": TEXT,
                "entity": TEXT,
                "before": {"type": ["object", "null"]},
                "after": {"type": ["object", "null"]},
                "address": MAYBE_TEXT,
                "request_id": MAYBE_TEXT,
                "digest": TEXT,
            }
        ),
    }


def _job() -> dict[str, Schema]:
    result = {f"result_{key}": MAYBE_COUNT for key in ("width", "height", "size_bytes")}
    return {
        "job_id": UUID,
        "slot_id": SLOT_ID,
        "slot_version": VERSION,
        "source": words_of(JobSource),
        "status": words_of(JobStatus),
        "failure_code": MAYBE_TEXT,
        "provider_code": MAYBE_TEXT,
        "provider": MAYBE_TEXT,
        "operation": MAYBE_TEXT,
        "attempts": list_of(ANYTHING),
        "client_fields": {"type": "object", "additionalProperties": TEXT},
        "client_address": MAYBE_TEXT,
        "request_id": MAYBE_TEXT,
        "input_content_type": picture_type("image/avif"),
        "input_width": COUNT,
        "input_height": COUNT,
        "input_size_bytes": COUNT,
        "input_sha256": TEXT,
        "result_content_type": MAYBE_TEXT,
        **result,
        "result_sha256": MAYBE_TEXT,
        "timings": {"type": "object", "additionalProperties": WHOLE},
        "cost": MAYBE_NUMBER,
        "started_at": INSTANT,
        "created_at": INSTANT,
        "deadline_at": INSTANT,
        "finished_at": MAYBE_INSTANT,
        "result_expires_at": MAYBE_INSTANT,
        "result_url": MAYBE_TEXT,
        "preview_url": MAYBE_TEXT,
        "event_id": MAYBE_UUID,
        "hidden": YES_NO,
        "fallback": YES_NO,
        "rerun_of": MAYBE_UUID,
        "rerun_by": MAYBE_UUID,
        "has_original": YES_NO,
        "result_removed_at": MAYBE_INSTANT,
    }
