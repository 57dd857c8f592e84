"""Which alerts are on, and which of them people still have to be told about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from photobooth_daemon.model.alerts import Announcement, Condition, Entry, Severity
from photobooth_daemon.monitoring.alerts.conditions import RULES
from photobooth_daemon.monitoring.alerts.texts import summary_of

GROUP_WAIT = timedelta(seconds=20)
"""How long to collect what goes wrong together, so that it is one message."""
CLEAR_FOR = timedelta(seconds=60)
"""How long something has to be well before anyone is told that it is over."""


class AlertBoard:
    """Decides from one look to the next what to announce; time is handed in.

    While a maintenance window is open nothing is announced, but nothing is
    forgotten: what still holds afterwards is announced then.
    """

    def __init__(self, repeat: timedelta) -> None:
        self._repeat = repeat
        self._entries: dict[tuple[str, str], Entry] = {}
        self._waiting_since: datetime | None = None

    def restore(self, entries: Iterable[Entry]) -> None:
        """Take up what an earlier process had announced, beside what this one has."""
        self._entries = {**{entry.condition.key: entry for entry in entries}, **self._entries}

    def forget(self) -> None:
        """Leave everything to the process whose turn it is."""
        self._entries = {}

    def entries(self) -> list[Entry]:
        """Return every alert that is on or was announced."""
        return list(self._entries.values())

    def look(
        self, now: datetime, conditions: Sequence[Condition], *, quiet: bool, locale: str
    ) -> tuple[list[Announcement], list[Announcement]]:
        """Take in what is wrong now; return what to announce as begun and as over."""
        self._take_in(now, conditions)
        begun = [entry for entry in self._entries.values() if self._to_announce(now, entry)]
        over = [entry for entry in self._entries.values() if self._is_over(now, entry)]
        if quiet or not (begun or over):
            self._waiting_since = None
            return [], []
        self._waiting_since = self._waiting_since or now
        if now - self._waiting_since < GROUP_WAIT:
            return [], []
        self._waiting_since = None
        for entry in begun:
            entry.announced_at = now
        for entry in over:
            del self._entries[entry.condition.key]
        return _announce(begun, locale), _announce(over, locale)

    def _take_in(self, now: datetime, conditions: Sequence[Condition]) -> None:
        present = {condition.key: condition for condition in conditions}
        for key, condition in present.items():
            entry = self._entries.get(key)
            if entry is None:
                self._entries[key] = Entry(condition, since=now)
            else:
                entry.condition = condition
                entry.clear_since = None
        for key, entry in list(self._entries.items()):
            if key in present:
                continue
            if entry.announced_at is None:
                del self._entries[key]
            else:
                entry.clear_since = entry.clear_since or now

    def _to_announce(self, now: datetime, entry: Entry) -> bool:
        if entry.clear_since is not None:
            return False
        if entry.announced_at is not None:
            return now - entry.announced_at >= self._repeat
        hold = timedelta(seconds=RULES[entry.condition.name].hold_seconds)
        return now - entry.since >= hold

    def _is_over(self, now: datetime, entry: Entry) -> bool:
        return entry.clear_since is not None and now - entry.clear_since >= CLEAR_FOR


def _announce(entries: Sequence[Entry], locale: str) -> list[Announcement]:
    announcements = [
        Announcement(
            name=entry.condition.name,
            subject=entry.condition.subject,
            severity=RULES[entry.condition.name].severity,
            summary=summary_of(entry.condition, locale),
            since=entry.since,
        )
        for entry in entries
    ]
    return sorted(announcements, key=lambda a: (a.severity is not Severity.PAGE, a.since, a.name))
