"""What a check found as data: what the API answers and ``--json`` prints, in both languages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from photobooth_daemon.monitoring.readiness.cures import CURES
from photobooth_daemon.monitoring.readiness.model import Finding, ReadinessReport
from photobooth_daemon.monitoring.readiness.texts import cure_text, found_text, title_text

LOCALES = ("en", "ru")


def report_json(report: ReadinessReport) -> dict[str, Any]:
    """Return the whole of what was found."""
    return {
        "ready": report.ready,
        "checked_at": report.checked_at,
        "live": report.live,
        "hosts": [asdict(host) for host in report.hosts],
        "items": [_item(finding) for finding in report.findings],
    }


def _item(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "code": finding.code,
        "state": finding.state.value,
        "subject": finding.subject or None,
        "title": {locale: title_text(finding, locale) for locale in LOCALES},
        "found": {locale: found_text(finding, locale) for locale in LOCALES},
        "cure": {locale: cure_text(finding, locale) for locale in LOCALES}
        if finding.code in CURES
        else None,
        "facts": dict(finding.facts),
    }
