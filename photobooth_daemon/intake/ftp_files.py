"""What a camera sees of its slot's ``.ftp/``: a place to put files, and folders to put them in.

Each address has a place of its own there, so that two cameras of one slot that both send
``IMG_0001.JPG`` do not write into one file.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Any

from pyftpdlib.filesystems import AbstractedFS, FilesystemError

from photobooth_daemon.intake.folders import PICTURE_SUFFIXES
from photobooth_daemon.intake.line import RAW_SUFFIXES
from photobooth_daemon.model import MB

DEEPEST_FOLDER = 8
MOST_FOLDERS = 200
MOST_UNFINISHED = 200
"""What one address may leave lying: uploads without their last name, or cut off."""
LOOK_AT_DISK_BYTES = MB
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a file's rest will meet again: the half that is there only takes up room."""


class UploadFolder(AbstractedFS):  # type: ignore[misc]
    """An address's part of ``.ftp/``: folders are shown, files are not, and paths stay inside."""

    def __init__(self, root: str, cmd_channel: Any) -> None:
        """``root`` is the slot's, for all of its addresses."""
        self._slots_folder = root
        super().__init__(os.path.join(root, cmd_channel.remote_ip), cmd_channel)
        with contextlib.suppress(OSError):
            # Where there is no folder, or no room for one, STOR says so.
            os.mkdir(self.root, 0o770)

    def why_not(self, filename: str) -> str | None:
        """Return the answer to somebody for whose file there is no place now."""
        if not os.path.isdir(self._slots_folder):
            return "451 The folder is not there now: send the photo again later."
        if is_raw(filename):
            return None
        if self.cmd_channel.min_free_bytes and not self._has_room(0):
            return "452 The disk is full: the photo was not taken."
        if not os.path.lexists(filename) and self._count()[1] >= MOST_UNFINISHED:
            return "452 Too many unfinished uploads: end or rename them."
        return None

    def open(self, filename: str, mode: str) -> Received:
        """Open an upload, within the limit of a file's size; RAW goes nowhere."""
        session = self.cmd_channel
        earlier = session.writers.get(filename)
        if earlier is not None:
            earlier.leave_to_other(filename)
        session.uploaded.pop(filename, None)
        if is_raw(filename):
            return Received(filename)
        if os.path.islink(filename):
            raise FilesystemError("Not a file")
        self.mkdir(os.path.dirname(filename))  # it may have been tidied away, empty for long
        try:
            file = open(filename, mode, buffering=0)  # noqa: SIM115 - closed with the connection
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return Received(filename, fault=error)
        return _Upload(filename, file, self)

    def chdir(self, path: str) -> None:
        """Change the camera's folder, and not the whole process's, which others read files by."""
        if not os.path.isdir(path):
            raise FilesystemError("No such folder")
        self.cwd = self.fs2ftp(path)

    def listdir(self, path: str) -> list[str]:
        """Return the folders that the camera has made."""
        return [name for name in super().listdir(path) if os.path.isdir(os.path.join(path, name))]

    def mkdir(self, path: str) -> None:
        """Make a folder; one that is there already is what the camera wants, too."""
        if os.path.isdir(path):
            return
        if len(Path(path).relative_to(self.root).parts) > DEEPEST_FOLDER:
            raise FilesystemError("Too deep")
        if self._count()[0] >= MOST_FOLDERS:
            raise FilesystemError("Too many folders")
        os.makedirs(path, mode=0o770, exist_ok=True)

    def getsize(self, path: str) -> int:
        """Return an upload's size, that of one that has been moved on, too."""
        arrived: int | None = self.cmd_channel.uploaded.get(path)
        return os.path.getsize(path) if arrived is None else arrived

    def isfile(self, path: str) -> bool:
        """Return whether there is an upload of that name, or was one on this connection."""
        return path in self.cmd_channel.uploaded or super().isfile(path)

    def lexists(self, path: str) -> bool:
        """Return whether there is something of that name, or was on this connection."""
        return path in self.cmd_channel.uploaded or super().lexists(path)

    def rename(self, src: str, dst: str) -> None:
        """Rename an upload; what has been moved on under its first name stays as it is."""
        session = self.cmd_channel
        if src in session.uploaded:
            session.uploaded[dst] = session.uploaded.pop(src)
            return
        super().rename(src, dst)
        if os.path.isfile(dst) and is_picture(dst):
            session.hand_on(dst)

    def grows(self, more_bytes: int) -> None:
        """Let an upload grow by so much.

        Raises:
            OSError: the disk would be too full.
        """
        if not self._has_room(more_bytes):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _has_room(self, more_bytes: int) -> bool:
        facts = os.statvfs(self._slots_folder)
        free_bytes = facts.f_bavail * facts.f_frsize
        return bool(free_bytes - more_bytes >= self.cmd_channel.min_free_bytes)

    def _count(self) -> tuple[int, int]:
        """Return how many folders and files this address has."""
        folders = files = 0
        for _, directories, names in os.walk(self.root):
            folders += len(directories)
            files += len(names)
        return folders, files


class Received:
    """A file that pyftpdlib writes to; this one counts, keeps nothing, and knows its ``fault``."""

    def __init__(self, name: str, *, fault: OSError | None = None) -> None:
        self.name = name
        self.fault = fault
        self.closed = False
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        self.size_bytes += len(data)
        return len(data)

    def seek(self, position: int) -> int:
        return position

    def tell(self) -> int:
        return self.size_bytes

    def close(self) -> None:
        self.closed = True


class _Upload(Received):
    """One that is kept, within its limit and the disk's.

    What there is no place for is read all the same, for as long as a file may be: who is cut off
    while he sends does not read the answer.
    """

    def __init__(self, name: str, file: Any, folder: UploadFolder) -> None:
        super().__init__(name)
        self._file = file
        self._folder = folder
        self._session = folder.cmd_channel
        self._session.writers[name] = self._session
        self._written_bytes = 0

    def write(self, data: bytes) -> int:
        self.size_bytes += len(data)
        if self.fault is None:
            try:
                self._keep(data)
            except OSError as error:
                self.fault = error
        elif self.size_bytes > 2 * self._session.max_file_bytes:
            raise self.fault
        return len(data)

    def _keep(self, data: bytes) -> None:
        if self._file.tell() + len(data) > self._session.max_file_bytes:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        looked = self._written_bytes // LOOK_AT_DISK_BYTES
        self._written_bytes += len(data)
        if self._written_bytes // LOOK_AT_DISK_BYTES > looked:
            self._folder.grows(len(data))
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def seek(self, position: int) -> int:
        return int(self._file.seek(position))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        if self._session.writers.get(self.name) is self._session:
            del self._session.writers[self.name]
        try:
            self._file.close()
        except OSError as error:  # a share says only now that it is full
            self.fault = self.fault or error
        if self.fault is not None and self.fault.errno in NO_ROOM:
            with contextlib.suppress(OSError):
                os.unlink(self.name)


def is_raw(name: str) -> bool:
    """Return whether a file is of a kind that nobody processes."""
    return Path(name).suffix.lower() in RAW_SUFFIXES


def is_picture(name: str) -> bool:
    """Return whether a file is called as pictures are that are taken up."""
    return Path(name).suffix.lower() in PICTURE_SUFFIXES
