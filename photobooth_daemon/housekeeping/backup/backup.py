"""Makes backups: a directory each, complete or not there.

The database is dumped first, the media after it: every result that the dump
speaks of has its files, except those that expired in between.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from photobooth_daemon import __version__
from photobooth_daemon.clock import Clock, rfc3339
from photobooth_daemon.database import audit_owner
from photobooth_daemon.database.tools import find_tool, run_tool
from photobooth_daemon.errors import BackupFailed, PhotoboothError
from photobooth_daemon.housekeeping.backup.bucket_copy import BucketCopy
from photobooth_daemon.housekeeping.backup.contents import (
    LIST,
    digest_of,
    read_list,
    read_manifest_text,
    write_list,
)
from photobooth_daemon.housekeeping.backup.manifest import (
    AUDIT_KEY,
    CONFIG,
    DUMP,
    FORMAT,
    KEY,
    MEDIA,
    NAME,
    SHELVES,
    Manifest,
    parse_manifest,
)
from photobooth_daemon.housekeeping.backup.media_copy import Copied, copy_shelf
from photobooth_daemon.housekeeping.backup.seal import Seal, load_seal
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.repositories.backups import BackupRepository

DUMP_SECONDS = 3600.0
LOCK = ".lock"
UNFINISHED = ".unfinished-"
_BACKUP_NAME = re.compile(r"\d{8}T\d{6}Z")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up."""

    database_url: str
    media_root: Path | None
    bucket: str | None
    """Where the other pictures are."""
    key_file: Path
    audit_key_file: Path
    config_file: Path
    seal_key_file: Path


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was made."""

    path: Path
    manifest: Manifest
    removed: int


class Backup:
    """Backs one installation up."""

    def __init__(
        self,
        source: Source,
        repository: BackupRepository,
        clock: Clock,
        *,
        bucket: MediaStore | None = None,
    ) -> None:
        """``bucket`` is copied; without it, what is in one is named, and stays there."""
        self._source = source
        self._bucket = bucket
        self._repository = repository
        self._clock = clock

    async def run(self, directory: Path, keep: int) -> BackupReport:
        """Make a backup in a new directory below ``directory``; remove the oldest beyond ``keep``.

        Raises:
            BackupFailed: another one is at work, the disk is full, or pg_dump failed.
            DatabaseUnavailable: there is nothing to back up from.
        """
        async with self._repository.only_one() as alone:
            if not alone:
                raise BackupFailed("Another backup is at work, on this host or on another one.")
            return await self._run_alone(directory, keep)

    async def _run_alone(self, directory: Path, keep: int) -> BackupReport:
        started_at = self._clock.utcnow()
        try:
            with _alone(directory):
                report = await self._make(directory, started_at, keep)
        except (PhotoboothError, OSError) as error:
            failure = failure_of(error)
            # Told before it is recorded: the database itself may be what is missing.
            log.error("backup failed", extra={"error": failure.detail})
            await self._repository.record(
                started_at, self._clock.utcnow(), str(directory), 0, failure.detail
            )
            raise failure from error
        size = report.manifest.dump_bytes + report.manifest.media_bytes
        await self._repository.record(
            started_at, self._clock.utcnow(), str(report.path), size, None
        )
        log.info("backup made", extra={"path": str(report.path), "size_bytes": size})
        return report

    async def _make(self, directory: Path, started_at: datetime, keep: int) -> BackupReport:
        name = f"{started_at:%Y%m%dT%H%M%SZ}"
        if (directory / name).exists():
            raise BackupFailed("There is a backup of this very second.")
        await asyncio.to_thread(_remove_unfinished, directory)
        unfinished = directory / f"{UNFINISHED}{name}"
        unfinished.mkdir(mode=0o700)
        try:
            seal = await asyncio.to_thread(load_seal, self._source.seal_key_file)
            earlier = await asyncio.to_thread(_find_earlier, directory, seal)
            manifest = await self._fill(unfinished, earlier, started_at, seal)
            unfinished.rename(directory / name)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        old = list_backups(directory)[:-keep]
        for path in old:
            await asyncio.to_thread(shutil.rmtree, path)
        return BackupReport(directory / name, manifest, len(old))

    async def _fill(
        self, unfinished: Path, earlier: Path | None, at: datetime, seal: Seal
    ) -> Manifest:
        migrations, server_major = await self._repository.schema()
        await run_tool(
            find_tool("pg_dump", server_major),
            [
                "--format=custom",
                f"--exclude-schema={audit_owner.SCHEMA}",
                f"--file={unfinished / DUMP}",
            ],
            url=self._source.database_url,
            longest_seconds=DUMP_SECONDS,
        )
        copied = await asyncio.to_thread(self._copy_files, unfinished, earlier)
        if self._bucket is not None:
            copied += await BucketCopy(self._bucket, unfinished, earlier).run()
        shared = await asyncio.to_thread(_shared_digests, unfinished, earlier)
        list_sha256 = await asyncio.to_thread(write_list, unfinished, shared)
        dump = unfinished / DUMP
        manifest = Manifest(
            format=FORMAT,
            program=__version__,
            created_at=rfc3339(at.replace(microsecond=0)),
            migrations=migrations,
            server_major=server_major,
            dump_sha256=await asyncio.to_thread(digest_of, dump),
            dump_bytes=dump.stat().st_size,
            media_files=copied.files,
            media_bytes=copied.size_bytes,
            linked_files=copied.linked_files,
            list_sha256=list_sha256,
            bucket=self._source.bucket if self._bucket is None else None,
        )
        seal.put(unfinished, manifest.write(unfinished))
        await asyncio.to_thread(os.sync)
        return manifest

    def _copy_files(self, unfinished: Path, earlier: Path | None) -> Copied:
        total = Copied()
        root = self._source.media_root
        for shelf in SHELVES:
            target = unfinished / MEDIA / shelf
            target.mkdir(parents=True)
            if root is not None:
                before = None if earlier is None else earlier / MEDIA / shelf
                total += copy_shelf(root / shelf, target, before)
        _copy_private(self._source.key_file, unfinished / KEY)
        _copy_private(self._source.audit_key_file, unfinished / AUDIT_KEY)
        # For whoever sets the new machine up; it may be root's own, and is not restored.
        with suppress(PermissionError):
            _copy_private(self._source.config_file, unfinished / CONFIG)
        return total


def list_backups(directory: Path) -> list[Path]:
    """Return the complete backups, oldest first."""
    if not directory.is_dir():
        return []
    found = [p for p in directory.iterdir() if _BACKUP_NAME.fullmatch(p.name)]
    return sorted(p for p in found if (p / NAME).is_file())


def _find_earlier(directory: Path, seal: Seal) -> Path | None:
    """Return the last backup, from which files may be linked and digests believed."""
    earlier = next(iter(reversed(list_backups(directory))), None)
    if earlier is None:
        return None
    try:
        text = read_manifest_text(earlier)
        if (
            seal.fits(earlier, text)
            and digest_of(earlier / LIST) == parse_manifest(text).list_sha256
        ):
            return earlier
    except BackupFailed as error:
        log.warning("the backup before is damaged", extra={"error": error.detail})
    # What somebody else may have put there must not get a seal of ours by being linked.
    log.warning(
        "nothing is linked from the backup before: it has no seal that fits",
        extra={"path": str(earlier)},
    )
    return None


def _shared_digests(unfinished: Path, earlier: Path | None) -> dict[str, str]:
    """Return the digests that the earlier backup has of files which both have in one."""
    if earlier is None:
        return {}
    return {
        name: digest
        for name, digest in read_list(earlier).items()
        if name.startswith(f"{MEDIA}/")
        and (unfinished / name).exists()
        and (earlier / name).samefile(unfinished / name)
    }


def _remove_unfinished(directory: Path) -> None:
    for left in directory.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left)


def _copy_private(source: Path, target: Path) -> None:
    if source.is_file():
        shutil.copyfile(source, target)
        target.chmod(0o600)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory, which several installations may share.

    Raises:
        BackupFailed: another backup is at work in it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / LOCK).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFailed("Another backup is at work in this directory.") from error
        yield


def failure_of(error: PhotoboothError | OSError) -> PhotoboothError:
    """Return what a backup or a restore that met this error fails with."""
    if isinstance(error, PhotoboothError):
        return error
    return BackupFailed(f"{error.strerror or type(error).__name__}: {error.filename or ''}")
