"""What lies in a backup: regular files of known names only, each with its SHA-256 in a list.

A backup comes back from a disk that others have had in their hands. Whatever is a link, or
has a name that a backup never has, is not restored, and neither is a file that is not the one
that was put there.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from photobooth_daemon.errors import BackupFailed
from photobooth_daemon.housekeeping.backup.manifest import CONFIG, DUMP, KEYS, MEDIA, NAME, SHELVES
from photobooth_daemon.model import MB

LIST = "files.sha256"
COPY_BYTES = MB
MANIFEST_BYTES = MB
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MEDIA_FILE = re.compile(
    rf"{MEDIA}/(?:{'|'.join(SHELVES)})/{_UUID}/(?:result|original|preview|photo)\.(?:jpg|png|webp)"
)
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def media_files(backup: Path) -> list[str]:
    """Return the names of a backup's pictures, sorted; blocks.

    Raises:
        BackupFailed: there is something else among them.
    """
    names = []
    for path in _walk(backup / MEDIA):
        name = path.relative_to(backup).as_posix()
        if not is_picture(name):
            raise BackupFailed(f"{name!r} is nothing that a backup holds.")
        names.append(name)
    return sorted(names)


def is_picture(name: str) -> bool:
    """Return whether this is what a picture in a backup is called."""
    return _MEDIA_FILE.fullmatch(name) is not None


def private_files(backup: Path, *, with_config: bool = True) -> list[str]:
    """Return the names of keys and configuration that lie in a backup, whatever they are; blocks.

    The list of an older backup does not name the configuration.
    """
    names = [*KEYS, CONFIG] if with_config else KEYS
    return [name for name in names if os.path.lexists(backup / name)]


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading, if it is one, and not a link to one.

    Raises:
        BackupFailed: it is anything else.
        FileNotFoundError: there is nothing of that name.
    """
    try:
        # Without waiting: a pipe would keep us here for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BackupFailed(f"{path.name!r} is no file of its own.") from error
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise BackupFailed(f"{path.name!r} is no file of its own.")
    return file


def read_manifest_text(backup: Path) -> bytes:
    """Return the manifest of a backup as it stands there; blocks.

    Raises:
        BackupFailed: there is none, so this is no backup, or it is no file of its own.
    """
    try:
        with open_regular(backup / NAME) as file:
            return file.read(MANIFEST_BYTES)
    except FileNotFoundError as error:
        raise BackupFailed(f"{backup} is not a complete backup.") from error


def digest_of(path: Path) -> str:
    """Return a file's SHA-256; blocks.

    Raises:
        BackupFailed: there is no such file.
    """
    try:
        with open_regular(path) as file:
            digest = hashlib.sha256()
            while piece := file.read(COPY_BYTES):
                digest.update(piece)
            return digest.hexdigest()
    except FileNotFoundError as error:
        raise BackupFailed(f"{path} is missing.") from error


def write_list(backup: Path, known: Mapping[str, str]) -> str:
    """Write every file's digest into the list, and return the list's own; blocks.

    ``known`` are digests of files that an earlier backup has, and that this one shares.
    """
    names = [*media_files(backup), DUMP, *private_files(backup)]
    lines = [f"{known.get(name) or digest_of(backup / name)}  {name}\n" for name in names]
    text = "".join(lines)
    (backup / LIST).write_text(text, "ascii")
    return hashlib.sha256(text.encode()).hexdigest()


def read_list(backup: Path) -> dict[str, str]:
    """Return the digests of the list by their names; blocks.

    Raises:
        BackupFailed: it is missing or no such list.
    """
    try:
        with open_regular(backup / LIST) as file:
            lines = file.read().decode("ascii").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise BackupFailed(f"{backup / LIST} cannot be read.") from error
    found = [_LINE.fullmatch(line) for line in lines]
    if None in found:
        raise BackupFailed(f"{backup / LIST} is damaged.")
    return {match[2]: match[1] for match in found if match is not None}


def copy_checked(source: Path, target: Path, sha256: str | None) -> str:
    """Copy a file, make sure that it is the one that was backed up, return its digest; blocks.

    Raises:
        BackupFailed: it is a link, or another file.
    """
    digest = hashlib.sha256()
    with open_regular(source) as file, target.open("xb") as copy:
        while piece := file.read(COPY_BYTES):
            digest.update(piece)
            copy.write(piece)
    if sha256 is not None and digest.hexdigest() != sha256:
        raise BackupFailed(f"{source} is damaged.")
    return digest.hexdigest()


def _walk(directory: Path) -> Iterator[Path]:
    with os.scandir(directory) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))
            else:
                yield Path(entry.path)
