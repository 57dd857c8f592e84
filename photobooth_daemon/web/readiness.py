"""``/api/readiness``: is everything ready for tonight?"""

from __future__ import annotations

from typing import Any

from photobooth_daemon.monitoring.readiness.cures import CURES
from photobooth_daemon.monitoring.readiness.model import Finding, ReadinessReport
from photobooth_daemon.monitoring.readiness.service import Readiness
from photobooth_daemon.monitoring.readiness.texts import cure_text, found_text, title_text
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler

LOCALES = ("en", "ru")


class ReadinessHandler(Handler):
    """GET looks; POST also sends a photo through each slot that is on, which may cost money."""

    permission = {"GET": "settings:read", "POST": "slots:write"}  # noqa: RUF012

    def initialize(self, base: Base, *, readiness: Readiness) -> None:
        """Take the check."""
        super().initialize(base)
        self._readiness = readiness

    async def get(self) -> None:
        """Answer with what was found, without a live probe."""
        self.write_json(report_json(await self._readiness.check(live=False)))

    async def post(self) -> None:
        """Answer with what was found, live probes included."""
        self.write_json(report_json(await self._readiness.check(live=True)))


def report_json(report: ReadinessReport) -> dict[str, Any]:
    """Return a report as the API gives it, in both languages."""
    return {
        "ready": report.ready,
        "checked_at": report.checked_at,
        "live": report.live,
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
    }
