"""A report as data: what the API answers and ``--json`` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from photobooth_daemon.model.reports import EventReport, EventStory


def report_json(report: EventReport) -> dict[str, Any]:
    """Return a report's figures."""
    return {**asdict(report), "success_percent": report.success_percent}


def story_json(story: EventStory, *, cost: bool) -> dict[str, Any]:
    """Return an event's report, what it cost on demand."""
    event = story.event
    document = {
        "event": {
            "event_id": event.event_id,
            "name": event.name,
            "title": event.title(),
            "starts_at": event.starts_at,
            "ends_at": event.ends_at,
        },
        **report_json(story.report),
        "overrides": [asdict(change) for change in story.overrides],
    }
    if not cost:
        for part in (document, *document["slots"], *document["providers"]):
            del part["cost"]
    return document
