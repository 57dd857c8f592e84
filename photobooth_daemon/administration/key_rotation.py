"""Puts a new signing key in place of the old one, and ends every session that the old one made."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.key_file import write_draft
from photobooth_daemon.administration.signing_key import SETTING, new_signing_key
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import ConfigError, Fault
from photobooth_daemon.model import Actor
from photobooth_daemon.repositories.admins import AdminRepository


class KeyRotation:
    """Replaces one installation's signing key; ``credentials`` are directories nobody writes to."""

    def __init__(
        self,
        key_file: Path,
        credentials: tuple[Path, ...],
        database: Database,
        admins: AdminRepository,
        audit: Audit,
    ) -> None:
        # Where the name is a link, the key is replaced and not the link.
        self._key_file = key_file.resolve()
        self._credentials = tuple(directory.resolve() for directory in credentials)
        self._database = database
        self._admins = admins
        self._audit = audit

    async def rotate(self, actor: Actor) -> None:
        """Make a new key, owned and readable as the old one was; no token of before counts then.

        A process that runs goes on signing with the old key until it is restarted. Where the
        database goes away at the last moment, the key may be new and nothing written of it:
        then it is to be done again.

        Raises:
            ConfigError: the key is a credential, or cannot be written; nothing has changed.
            DatabaseUnavailable: as above.
        """
        for directory in self._credentials:
            if self._key_file.is_relative_to(directory):
                raise self._fault(
                    "is a read-only credential: put a new key of at least 32 bytes where the"
                    " credential comes from, and restart the daemon"
                )
        draft = await asyncio.to_thread(self._draft)
        try:
            async with self._database.transaction() as connection:
                await self._admins.end_all_sessions(connection)
                await self._admins.announce(connection)
                await self._audit.record(
                    connection, actor=actor, action="signing_key.rotate", entity="installation"
                )
                # The last step that can fail but the commit: undone with the others if it does.
                await asyncio.to_thread(self._put_in_place, draft)
        finally:
            draft.unlink(missing_ok=True)

    def _draft(self) -> Path:
        try:
            old = self._key_file.stat()
            draft = write_draft(self._key_file, new_signing_key())
        except OSError as error:
            raise self._fault(f"cannot be replaced: {error.strerror}") from error
        try:
            draft.chmod(old.st_mode & 0o7777)
            if (old.st_uid, old.st_gid) != (draft.stat().st_uid, draft.stat().st_gid):
                os.chown(draft, old.st_uid, old.st_gid)
        except OSError as error:
            draft.unlink()
            raise self._fault(f"belongs to another account: {error.strerror}") from error
        return draft

    def _put_in_place(self, draft: Path) -> None:
        try:
            draft.replace(self._key_file)
        except OSError as error:
            raise self._fault(f"cannot be replaced: {error.strerror}") from error

    def _fault(self, words: str) -> ConfigError:
        return ConfigError([Fault(SETTING, f"{self._key_file} {words}")])
