"""``/api/audit``: who changed what, when and from where."""

from __future__ import annotations

from photobooth_daemon.errors import InvalidRequest
from photobooth_daemon.model.audit import entry_view
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.jobs import read_event_id
from photobooth_daemon.web.paging import (
    number_cursor,
    query_text,
    read_instant,
    read_limit,
    read_number_cursor,
    write_page,
)

MAX_WORD_CHARACTERS = 200


class AuditHandler(Handler):
    """The log, newest first."""

    permission = "audit:read"

    def initialize(self, base: Base, *, audit_log: AuditRepository) -> None:
        super().initialize(base)
        self._audit_log = audit_log

    @unless_refused
    async def get(self) -> None:
        """Answer with a page of the entries that match."""
        limit = read_limit(self)
        found = await self._audit_log.list_newest(
            actor=self._word("actor"),
            action=self._word("action"),
            entity=self._word("entity"),
            event_id=read_event_id(self),
            since=read_instant(self, "since"),
            before_id=read_number_cursor(self),
            limit=limit + 1,
        )
        write_page(self, found, limit, entry_view, lambda entry: number_cursor(entry.audit_id))

    def _word(self, name: str) -> str | None:
        word = query_text(self, name)
        if word is not None and not 0 < len(word) <= MAX_WORD_CHARACTERS:
            raise InvalidRequest(f"The parameter {name} has 1 to {MAX_WORD_CHARACTERS} characters.")
        return word
