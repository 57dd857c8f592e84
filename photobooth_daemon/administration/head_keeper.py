"""Notes the audit log's end with every entry, and never forgets one that the log has lost."""

from __future__ import annotations

import asyncio
import logging

from photobooth_daemon.administration.audit_head import Noted, NotedHead
from photobooth_daemon.errors import ConfigError, DatabaseUnavailable
from photobooth_daemon.model import AuditHead
from photobooth_daemon.repositories.audit import AuditRepository

ATTEMPTS = 10
"""How often another process may be faster before the next entry is left to note this one."""

log = logging.getLogger(__name__)


class HeadKeeper:
    """Keeps one machine's note; any number of processes and machines may write to the log."""

    def __init__(self, noted_head: NotedHead, repository: AuditRepository) -> None:
        self._noted_head = noted_head
        self._repository = repository

    async def read(self) -> Noted | None:
        """Return what is noted.

        Raises:
            ConfigError: it cannot be read, or is not what was written there.
        """
        return await asyncio.to_thread(self._noted_head.read)

    async def note(self, head: AuditHead, before: AuditHead | None = None) -> None:
        """Note an end that is in the database for good, where it is a later one.

        ``before`` is the end that it followed. What was noted stays where the log does not
        contain it any more. Nothing is raised: what was to be done has been done, and
        that it was not noted is logged.
        """
        if head.audit_id == 0:
            return
        following = {_noted(head), *([] if before is None else [_noted(before)])}
        try:
            for _ in range(ATTEMPTS):
                noted = await self.read()
                if noted is not None and noted not in following and not await self._holds(noted):
                    log.error("the audit log lacks an entry: photoboothctl audit verify")
                    return
                if noted is not None and noted.audit_id >= head.audit_id:
                    return
                if await asyncio.to_thread(self._noted_head.replace, noted, _noted(head)):
                    return
        except (ConfigError, DatabaseUnavailable, OSError) as error:
            log.error("the end of the audit log is not noted", extra={"error": str(error)})

    async def _holds(self, noted: Noted) -> bool:
        return await self._repository.contains(noted.audit_id, bytes.fromhex(noted.digest))


def _noted(head: AuditHead) -> Noted:
    return Noted(head.audit_id, head.digest.hex())
