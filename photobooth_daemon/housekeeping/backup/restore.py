"""Brings an installation back from a backup, into a machine that has nothing of its own yet."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.audit_head import NAME, NotedHead
from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.administration.head_keeper import HeadKeeper
from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.pool import Database
from photobooth_daemon.database.tools import find_tool, run_tool
from photobooth_daemon.errors import BackupFailed
from photobooth_daemon.housekeeping.backup.backup import Source, failure_of
from photobooth_daemon.housekeeping.backup.contents import (
    LIST,
    digest_of,
    media_files,
    open_regular,
    private_files,
    read_list,
    read_manifest_text,
)
from photobooth_daemon.housekeeping.backup.keys import RestoredKeys
from photobooth_daemon.housekeeping.backup.manifest import (
    DUMP,
    WITHOUT_LIST,
    WITHOUT_SEAL,
    Manifest,
    parse_manifest,
)
from photobooth_daemon.housekeeping.backup.pictures import RestoredPictures
from photobooth_daemon.housekeeping.backup.seal import Seal
from photobooth_daemon.media.keys import key_of
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.model import Actor, MediaKind
from photobooth_daemon.repositories.admins import AdminRepository
from photobooth_daemon.repositories.audit import AuditRepository
from photobooth_daemon.repositories.backups import BackupRepository
from photobooth_daemon.repositories.stored_media import StoredMedia

RESTORE_SECONDS = 3600.0
LIST_SECONDS = 300.0
BATCH_SIZE = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was brought back; ``missing_results`` expired while the backup was made."""

    manifest: Manifest
    results: int
    missing_results: int
    applied_migrations: int


class Restore:
    """Restores into one installation."""

    def __init__(
        self,
        target: Source,
        database: Database,
        media_store: MediaStore,
        clock: Clock,
        actor: Actor,
    ) -> None:
        self._target = target
        self._keys = RestoredKeys(target.key_file, target.audit_key_file)
        self._database = database
        self._media_store = media_store
        self._pictures = RestoredPictures(media_store)
        self._repository = BackupRepository(database)
        self._clock = clock
        self._actor = actor

    async def run(self, backup: Path, *, seal: Seal | None, replace: bool) -> RestoreReport:
        """Restore ``backup``; with ``replace`` over what is there, which is lost.

        Without ``seal`` whatever is in the backup is believed.

        Raises:
            BackupFailed: the backup has not this seal, is damaged or too new, pg_restore is missing
                or cannot read it, the daemon runs, or there is something here
                already; then nothing was changed.
            ToolFailed: pg_restore failed at its work, or
            DatabaseUnavailable: the database went away: run it again, with ``replace``.
        """
        manifest, digests = await asyncio.to_thread(_look_through, backup, seal)
        self._pictures.refuse_other_store(manifest)
        known = {migration.number for migration in migrations.list_migrations()}
        if not set(manifest.migrations) <= known:
            raise BackupFailed(
                f"The backup was made by version {manifest.program}, which is newer."
                " Install that version first."
            )
        with self._media_store.tree_use().alone(self._clock.utcnow()) as solitude:
            if not solitude.now:
                raise BackupFailed(
                    "The daemon runs: systemctl stop photobooth-daemon.socket photobooth-daemon"
                )
            async with self._repository.only_one() as alone:
                if not alone:
                    raise BackupFailed("A backup is at work, on this host or on another one.")
                await self._restore(manifest, backup, digests, replace=replace)
        applied = await migrations.migrate(self._database, self._clock)
        await self._note(manifest, sealed=seal is not None)
        results, missing = await self._compare()
        log.info("restored", extra={"results": results, "missing_results": missing})
        return RestoreReport(manifest, results, missing, len(applied))

    async def _restore(
        self, manifest: Manifest, backup: Path, digests: Mapping[str, str | None], *, replace: bool
    ) -> None:
        if (host := await self._repository.find_living_host(self._clock.utcnow())) is not None:
            raise BackupFailed(
                f"The daemon runs on {host}: stop it there, too. One that was killed is"
                " forgotten within a minute."
            )
        if not replace and not await self._is_empty(manifest, backup, digests):
            raise BackupFailed(
                "There are jobs, slots or pictures here already. To lose them: --replace"
            )
        await asyncio.to_thread(self._keys.refuse_fixed, backup, digests)
        if (stranger := await self._repository.find_other_owner()) is not None:
            raise BackupFailed(
                f"The audit log belongs to the role {stranger} here. Restore with sudo, or let"
                f" a superuser of PostgreSQL give it back first: docs/ops.md."
            )
        program = await self._find_program(manifest, backup)
        try:
            await self._pictures.restore(backup, digests)
            await asyncio.to_thread(self._restore_keys, backup, digests)
        except OSError as error:
            # Named here: to the connection that holds the lock it would look like a lost database.
            raise failure_of(error) from error
        await self._restore_database(program, backup)

    async def _is_empty(
        self, manifest: Manifest, backup: Path, digests: Mapping[str, str | None]
    ) -> bool:
        if not await self._repository.is_unused():
            return False
        return await self._pictures.loses_nothing(manifest, backup, digests)

    async def _note(self, manifest: Manifest, *, sealed: bool) -> None:
        """End every session of the machine that was backed up, and let the log tell of this."""
        key = load_audit_key(self._target.audit_key_file, self._target.key_file)
        audit_repository = AuditRepository(self._database)
        noted_head = NotedHead(self._target.key_file.with_name(NAME), key)
        heads = HeadKeeper(noted_head, audit_repository)
        audit = Audit(audit_repository, self._clock, key, heads)
        async with self._database.transaction() as connection:
            # The logout of one of them may be younger than the backup.
            await AdminRepository(self._database).end_all_sessions(connection)
            await audit.record(
                connection,
                actor=self._actor,
                action="backup.restore",
                entity="installation",
                after={
                    "created_at": manifest.created_at,
                    "program": manifest.program,
                    "sealed": sealed,
                },
            )

    def _restore_keys(self, backup: Path, digests: Mapping[str, str | None]) -> None:
        self._keys.restore(backup, digests)
        # The log is another one from here on.
        self._target.key_file.with_name(NAME).unlink(missing_ok=True)
        os.sync()

    async def _find_program(self, manifest: Manifest, backup: Path) -> Path:
        """Return the pg_restore to work with, once it has read the dump's list of contents.

        Raises:
            BackupFailed: the server is older than the one of the backup.
            ToolFailed: there is no pg_restore, or it cannot read this dump.
        """
        major = await self._repository.server_major()
        if major < manifest.server_major:
            raise BackupFailed(
                f"The backup is of PostgreSQL {manifest.server_major}, and this server is"
                f" {major}: restore into {manifest.server_major} or newer."
            )
        program = find_tool("pg_restore", major)
        await run_tool(program, ["--list", str(backup / DUMP)], longest_seconds=LIST_SECONDS)
        return program

    async def _restore_database(self, program: Path, backup: Path) -> None:
        await self._repository.drop_everything()
        await run_tool(
            program,
            [
                "--single-transaction",
                "--exit-on-error",
                "--no-owner",
                "--no-privileges",
                str(backup / DUMP),
            ],
            url=self._target.database_url,
            longest_seconds=RESTORE_SECONDS,
        )

    async def _compare(self) -> tuple[int, int]:
        """Return how many results the rows speak of, and how many of them have no file."""
        stored = StoredMedia(self._database)
        results = missing = 0
        last = None
        while batch := await stored.list_stored(last, BATCH_SIZE):
            last = batch[-1].media_id
            keys = [key_of(media) for media in batch if media.kind is MediaKind.RESULT]
            results += len(keys)
            missing += len(await self._media_store.list_missing(keys))
        return results, missing


def _look_through(backup: Path, seal: Seal | None) -> tuple[Manifest, dict[str, str | None]]:
    """Return the manifest, and every file to restore with its digest; blocks.

    A backup of the first format has no digests but the dump's.

    Raises:
        BackupFailed: the seal does not fit, or something is missing, damaged, a link, or of
            a name that no backup has.
    """
    text = read_manifest_text(backup)
    if seal is not None:
        seal.check(backup, text)
    manifest = parse_manifest(text)
    if digest_of(backup / DUMP) != manifest.dump_sha256:
        raise BackupFailed(f"{backup / DUMP} is damaged.")
    names = media_files(backup)
    private = private_files(backup, with_config=manifest.format > WITHOUT_SEAL)
    for name in (*names, *private):
        open_regular(backup / name).close()
    if manifest.format == WITHOUT_LIST:
        log.warning("the backup has no digests of its pictures: it is of an older version")
        return manifest, dict.fromkeys((*names, *private))
    if digest_of(backup / LIST) != manifest.list_sha256:
        raise BackupFailed(f"{backup / LIST} is damaged.")
    listed = read_list(backup)
    if set(listed) != {*names, *private, DUMP}:
        odd = sorted(set(listed) ^ {*names, *private, DUMP})
        raise BackupFailed(f"{odd[0]!r} is missing, or was not in the backup.")
    for name, digest in listed.items():
        if digest_of(backup / name) != digest:
            raise BackupFailed(f"{backup / name} is damaged.")
    return manifest, dict(listed)
