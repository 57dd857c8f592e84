"""A photo's file: opened as one, told whole from half, and known by its bytes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from photobooth_daemon.model import MB
from photobooth_daemon.pictures.kinds import JPEG, MAGIC_BYTES, PNG, WEBP, content_type_of

COPY_BYTES = MB
TAIL_BYTES = 4096


def open_photo(path: Path) -> BinaryIO:
    """Open a file for reading, whatever has been put in its place since it was seen.

    Not a link, and not a pipe, whose other end would be waited for. It is opened by its number:
    its own name may be in no encoding that a form could hold.

    Raises:
        FileNotFoundError: there is no file of that name, or something that is no file.
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "is no file any more", str(path))
    return os.fdopen(descriptor, "rb")


def is_whole(path: Path) -> bool:
    """Return whether a picture's file ends as its kind ends; a cut one does not.

    Raises:
        OSError: it cannot be read.
    """
    with open_photo(path) as file:
        kind = content_type_of(head := file.read(MAGIC_BYTES))
        size_bytes = file.seek(0, os.SEEK_END)
        tail = _tail(file, size_bytes)
    if kind == JPEG:
        return b"\xff\xd9" in tail
    if kind == PNG:
        return b"IEND" in tail
    if kind == WEBP:
        return size_bytes >= int.from_bytes(head[4:8], "little") + 8
    return size_bytes > 0


def _tail(file: BinaryIO, size_bytes: int) -> bytes:
    """Return a file's last bytes but for the zeros that some cameras fill their blocks with."""
    end, tail = size_bytes, b""
    while end > 0 and not tail:
        begin = max(0, end - TAIL_BYTES)
        file.seek(begin)
        tail, end = file.read(end - begin).rstrip(b"\0"), begin
    file.seek(max(0, end + len(tail) - TAIL_BYTES))
    return file.read(TAIL_BYTES)


def key_of(slot_id: str, name: str, sha256: str) -> str:
    """Return the ``Idempotency-Key`` of a photo: the same bytes under the same name are one."""
    told = b"\0".join((slot_id.encode(), os.fsencode(name), sha256.encode()))
    return hashlib.sha256(told).hexdigest()


def sha256_of(path: Path) -> str:
    """Return a file's digest.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with open_photo(path) as file:
        while piece := file.read(COPY_BYTES):
            digest.update(piece)
    return digest.hexdigest()
