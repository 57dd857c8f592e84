"""The records of an alert, from what is wrong to what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

SHOWN_HERE = "server"
SHOWN_BY_BUCKET = "S3"
"""Whose certificates a host knows: its own, and that of the bucket."""


class Severity(StrEnum):
    """``page``: act now, guests notice. ``warning``: look today."""

    PAGE = "page"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong at this moment; ``subject`` tells two of one name apart."""

    name: str
    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Return what identifies it from one look to the next."""
        return (self.name, self.subject)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One alert as people are told of it."""

    name: str
    subject: str
    severity: Severity
    summary: str
    since: datetime

    @property
    def runbook(self) -> str:
        """Return the file name of the page that says what to do."""
        return f"{self.name}.md"


@dataclass(frozen=True, slots=True)
class Notification:
    """One message: everything that began and everything that is over since the last one."""

    installation: str
    at: datetime
    firing: tuple[Announcement, ...] = ()
    recovered: tuple[Announcement, ...] = ()
    text: str = ""
    title: str = ""
    test: bool = False


@dataclass(frozen=True, slots=True)
class Troubles:
    """What is wrong with one host as its own processes see it: no table shows that."""

    failing_checks: tuple[str, ...] = ()
    """Checks without which no photo can be taken."""
    clock_skew_seconds: float = 0.0
    """By how much the database's clock is ahead of the host's."""
    intake_is_down: bool = False
    """It is wanted, and does not answer."""
    stalled: tuple[tuple[str, int], ...] = ()
    """Slots whose photos lie in their folder and do not move, and how many they are."""
    problems: tuple[tuple[str, str, int], ...] = ()
    """Codes answered within the last ten minutes, with their slot and number."""
    certificates: tuple[tuple[str, int], ...] = ()
    """When each certificate that is shown to it, or by it, ends, in seconds since 1970."""

    def and_of(self, other: Troubles) -> Troubles:
        """Return what two processes of one host see: each looks at it, each answers its own."""
        counts: dict[tuple[str, str], int] = {}
        for code, slot_id, count in (*self.problems, *other.problems):
            counts[code, slot_id] = counts.get((code, slot_id), 0) + count
        ends = sorted((*self.certificates, *other.certificates), key=lambda one: -one[1])
        return Troubles(
            failing_checks=tuple(sorted({*self.failing_checks, *other.failing_checks})),
            clock_skew_seconds=max(self.clock_skew_seconds, other.clock_skew_seconds, key=abs),
            intake_is_down=self.intake_is_down or other.intake_is_down,
            stalled=tuple(sorted({**dict(self.stalled), **dict(other.stalled)}.items())),
            problems=tuple((code, slot, count) for (code, slot), count in sorted(counts.items())),
            # The earliest end of each, which comes last.
            certificates=tuple(sorted(dict(ends).items())),
        )


@dataclass(slots=True)
class Entry:
    """One alert that is on, or that was announced and is not yet known to be over."""

    condition: Condition
    since: datetime
    announced_at: datetime | None = None
    clear_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SlotFigures:
    """The camera's jobs of one slot that ended within the last ten minutes."""

    slot_id: str
    jobs: int
    timeouts: int
    failures: int
    window_used_p95: float | None


@dataclass(frozen=True, slots=True)
class Records:
    """What the database tells of the last ten minutes; it is kept while the database is away."""

    slots: tuple[SlotFigures, ...] = ()
    configuration_failures: tuple[tuple[str, str], ...] = ()
    wrong_passwords: Mapping[str, int] = field(default_factory=dict)
    locked_out: frozenset[str] = frozenset()
    """The kinds of password where someone used a window up; further tries are not counted."""
    cleanup_expected_since: datetime | None = None
    last_cleanup_success_at: datetime | None = None
    last_cleanup_succeeded: bool | None = None
    last_backup_success_at: datetime | None = None
