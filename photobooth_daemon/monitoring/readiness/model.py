"""What a readiness check finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from photobooth_daemon.model import HostPresence


class State(StrEnum):
    """``fault``: tonight will suffer. ``warning``: it may. ``ok``: looked at, and well."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``code`` names the text, ``subject`` what it is about."""

    check: str
    code: str
    state: State
    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadinessReport:
    """Everything that was looked at."""

    checked_at: datetime
    live: bool
    findings: tuple[Finding, ...]
    hosts: tuple[HostPresence, ...] = ()

    @property
    def ready(self) -> bool:
        """Return whether nothing is at fault; warnings do not count."""
        return not any(finding.state is State.FAULT for finding in self.findings)


def fault(check: str, code: str, subject: str = "", **facts: Any) -> Finding:
    """Return a finding that has to be mended before tonight."""
    return Finding(check, code, State.FAULT, subject, facts)


def warning(check: str, code: str, subject: str = "", **facts: Any) -> Finding:
    """Return a finding that somebody should know of."""
    return Finding(check, code, State.WARNING, subject, facts)


def ok(check: str, subject: str = "", **facts: Any) -> Finding:
    """Return the finding that all is well with a check."""
    return Finding(check, f"{check}_ok", State.OK, subject, facts)


def or_ok(check: str, findings: Iterable[Finding], **facts: Any) -> list[Finding]:
    """Return the findings, or that all is well where there are none."""
    return list(findings) or [ok(check, **facts)]
