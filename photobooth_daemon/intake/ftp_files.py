"""What a camera sees of its slot's ``.ftp/``: a place to put files, and folders to put them in."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from pyftpdlib.filesystems import AbstractedFS, FilesystemError

from photobooth_daemon.intake.line import RAW_SUFFIXES

DEEPEST_FOLDER = 8


class UploadFolder(AbstractedFS):  # type: ignore[misc]
    """A slot's ``.ftp/``: folders are shown, files are not, and paths stay inside."""

    def open(self, filename: str, mode: str) -> Any:
        """Open an upload, within the limit of a file's size; RAW goes nowhere."""
        if Path(filename).suffix.lower() in RAW_SUFFIXES:
            return _Nowhere(filename)
        if os.path.islink(filename):
            raise FilesystemError("Not a file")
        return _Bounded(open(filename, mode), self.cmd_channel.max_file_bytes)

    def listdir(self, path: str) -> list[str]:
        """Return the folders that the camera has made."""
        return [name for name in super().listdir(path) if os.path.isdir(os.path.join(path, name))]

    def mkdir(self, path: str) -> None:
        """Make a folder; one that is there already is what the camera wants, too."""
        if len(Path(path).relative_to(self.root).parts) > DEEPEST_FOLDER:
            raise FilesystemError("Too deep")
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
        if src in self.cmd_channel.uploaded:
            self.cmd_channel.uploaded[dst] = self.cmd_channel.uploaded.pop(src)
            return
        super().rename(src, dst)
        if os.path.isfile(dst):
            self.cmd_channel.take_up(dst)


class _Bounded:
    """A file that does not grow beyond so many bytes, nor fill the disk behind our back."""

    def __init__(self, file: Any, max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self.name = file.name

    def write(self, data: bytes) -> int:
        if self._file.tell() + len(data) > self._max_bytes:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        written: int = self._file.write(data)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Nowhere:
    """Takes what is written and keeps nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
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
