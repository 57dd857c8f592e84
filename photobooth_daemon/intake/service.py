"""The intake whole: the slots' lines, the watch over their folders, FTP, copies and upkeep."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from photobooth_daemon.config.intake import IntakeConfig
from photobooth_daemon.errors import ConfigError, Fault
from photobooth_daemon.intake.copies import Copies
from photobooth_daemon.intake.folders import SlotFolders
from photobooth_daemon.intake.ftp import FtpIntake
from photobooth_daemon.intake.line import SlotLine
from photobooth_daemon.intake.memory import list_fates
from photobooth_daemon.intake.status import LAST_PHOTOS, IntakeStatus
from photobooth_daemon.intake.watch import FolderWatch
from photobooth_daemon.tasks import end_tasks

UPKEEP_SECONDS = 60.0
AGAIN_SECONDS = 5.0
NEVER = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ELOOP})
"""What somebody has to change; trying again would not help."""
UPLOAD_QUIET_SECONDS = 600.0
UPLOAD_KEEP_SECONDS = 3600.0

log = logging.getLogger(__name__)


class Intake:
    """Takes photos in by folder and FTP until it is stopped."""

    def __init__(
        self,
        config: IntakeConfig,
        lines: Mapping[str, SlotLine],
        status: IntakeStatus,
        ftp: FtpIntake | None,
        copies: Copies | None,
    ) -> None:
        self._config = config
        self._lines = lines
        self._status = status
        self._ftp = ftp
        self._copies = copies

    async def run(self, stop: asyncio.Event, ready: asyncio.Event) -> None:
        """Work until ``stop``; ``ready`` is set once photos are taken up.

        Raises:
            ConfigError: the folder, or the address of FTP, cannot be used.
        """
        with self._folder_locked():
            folders = [line.folders for line in self._lines.values()]
            stopped = asyncio.create_task(stop.wait())
            while not await self._prepared(folders):
                await asyncio.wait({stopped}, timeout=AGAIN_SECONDS)
                if stopped.done():
                    return
            watch: FolderWatch | None = None
            if self._config.watch == "inotify":
                watch = FolderWatch({line.folders.incoming: line for line in self._lines.values()})
                await watch.start()
            port = self._start_ftp()
            self._status.ftp = lambda: {"port": port, "running": self._ftp_runs()}
            work = [line.run() for line in self._lines.values()]
            if watch is not None:
                work.append(watch.run())
            if self._copies is not None:
                work.append(self._copies.run())
            work.append(self._keep_up(folders))
            tasks = [asyncio.create_task(one) for one in work]
            ready.set()
            try:
                await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    if task.done():
                        task.result()
            finally:
                if self._ftp is not None:
                    await asyncio.to_thread(self._ftp.stop)
                await end_tasks(stopped, *tasks)

    @contextmanager
    def _folder_locked(self) -> Iterator[None]:
        """Have the folder to ourselves: two intakes would send every photo twice."""
        folder = self._config.folder
        try:
            folder.mkdir(mode=0o770, parents=True, exist_ok=True)
            lock = (folder / ".intake.lock").open("ab")
        except OSError as error:
            raise ConfigError(
                [Fault("intake.folder", f"{folder} cannot be used: {error.strerror}")]
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = f"another intake works in {folder}"
                raise ConfigError([Fault("intake.folder", message)]) from error
            yield

    async def _prepared(self, slots: list[SlotFolders]) -> bool:
        """Return whether the folders are ready; a disk that is full may have room in a while.

        Raises:
            ConfigError: they never will be.
        """
        try:
            await asyncio.to_thread(self._prepare, slots)
        except OSError as error:
            where, why = error.filename or self._config.folder, error.strerror or error
            if error.errno in NEVER:
                message = f"{where} cannot be used: {why}"
                raise ConfigError([Fault("intake.folder", message)]) from error
            log.warning("the folders cannot be made ready yet: %s: %s", where, why)
            for folders in slots:
                self._status.held_up(folders.slot_id, str(why))
            return False
        return True

    def _prepare(self, slots: list[SlotFolders]) -> None:
        copy = self._copies is not None
        for folders in slots:
            folders.create()
            folders.recover(copy=copy)
            folders.take_uploads(quiet_seconds=0)
            self._status.remembered(folders.slot_id, list_fates(folders, LAST_PHOTOS))
            self._look_at_disk(folders)

    def _start_ftp(self) -> int | None:
        if self._ftp is None:
            return None
        try:
            port = self._ftp.start()
        except OSError as error:
            message = f"the address cannot be used: {error.strerror or error}"
            raise ConfigError([Fault("intake.ftp_listen", message)]) from error
        log.info("FTP is listening", extra={"port": port})
        return port

    def _ftp_runs(self) -> bool:
        return self._ftp is not None and self._ftp.is_alive()

    async def _keep_up(self, slots: list[SlotFolders]) -> None:
        """Every minute: folders that came back, photos done long ago, uploads left lying."""
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            for folders in slots:
                try:
                    await asyncio.to_thread(self._keep_up_slot, folders)
                except OSError as error:
                    log.warning(
                        "a slot's folders cannot be kept up: %s",
                        error.strerror or error,
                        extra={"slot_id": folders.slot_id},
                    )

    def _keep_up_slot(self, folders: SlotFolders) -> None:
        if not self._root_is_there():
            return  # A share that is not mounted: folders made now would hide below it.
        folders.create()
        self._look_at_disk(folders)
        folders.take_uploads(quiet_seconds=UPLOAD_QUIET_SECONDS)
        folders.prune_uploads(UPLOAD_KEEP_SECONDS)
        folders.prune_done(self._config.keep_done_hours * 3600)

    def _look_at_disk(self, folders: SlotFolders) -> None:
        self._status.slots[folders.slot_id].writable = folders.are_writable()
        self._status.free_bytes = shutil.disk_usage(self._config.folder).free

    def _root_is_there(self) -> bool:
        return (self._config.folder / ".intake.lock").exists()
