"""The files of one machine, backed up and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.backup.backup import Backup, Source
from photobooth_daemon.housekeeping.backup.restore import Restore
from photobooth_daemon.housekeeping.backup.seal import Seal, load_seal
from photobooth_daemon.media.file_store import FileStore
from photobooth_daemon.model import Actor
from photobooth_daemon.repositories.backups import BackupRepository
from tests.support.audit import audit_in
from tests.support.booth import Booth


class Machine:
    """The files of one machine, and what backs it up."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.directory = directory
        self.clock = clock
        self.backups = directory.parent / "backups"

    def source(self, database: Database) -> Source:
        return Source(
            database.url,
            self.directory / "media",
            None,
            self.directory / "jwt.key",
            self.directory / "audit.key",
            self.directory / "photobooth.toml",
            self.directory / "backup.key",
        )

    def backup(self, database: Database) -> Backup:
        return Backup(self.source(database), BackupRepository(database), self.clock)

    @property
    def seal(self) -> Seal:
        return load_seal(self.directory / "backup.key")

    async def restore(
        self, database: Database, backup: Path, *, replace: bool = False, unsealed: bool = False
    ) -> Any:
        store = FileStore(self.directory / "media")
        store.create()
        try:
            actor = Actor("cli:root")
            work = Restore(self.source(database), database, store, self.clock, actor)
            seal = None if unsealed else self.seal
            return await work.run(backup, seal=seal, replace=replace)
        finally:
            await store.close()


async def note_in_audit_log(database: Database, booth: Booth, directory: Path) -> Audit:
    key = load_audit_key(directory / "audit.key", directory / "jwt.key")
    audit = audit_in(directory, database, booth.app.clock, key)
    async with database.transaction() as connection:
        await audit.record(connection, actor=Actor("serg"), action="test", entity="slot-001")
    return audit
