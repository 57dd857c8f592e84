"""Files that hold a key each: made once, whole, mode 0600, and never shorter than 32 bytes."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from photobooth_daemon.errors import ConfigError, Fault

MIN_KEY_BYTES = 32


def read_key_file(path: Path, setting: str, make: bytes | None) -> bytes:
    """Return the bytes in ``path``; where there is no such file it is made of ``make``.

    Raises:
        ConfigError: the file cannot be read or made, or is too short; ``setting`` is named.
    """
    try:
        if make is not None and not path.exists():
            _make(path, make)
        key = path.read_bytes().strip()
    except OSError as error:
        fault = Fault(setting, f"{path}: {error.strerror or type(error).__name__}")
        raise ConfigError([fault]) from error
    if len(key) < MIN_KEY_BYTES:
        message = f"{path} has fewer than {MIN_KEY_BYTES} bytes"
        if make is not None:
            message += "; remove it to have a new one made"
        raise ConfigError([Fault(setting, message)])
    return key


def key_file_exists(path: Path, setting: str) -> bool:
    """Return whether a key has been made.

    Raises:
        ConfigError: its directory cannot be looked into; ``setting`` is named.
    """
    try:
        return path.exists()
    except OSError as error:
        raise ConfigError([Fault(setting, f"{path}: {error.strerror}")]) from error


def write_draft(path: Path, key: bytes) -> Path:
    """Write the whole key beside ``path`` under a name of its own, and return that.

    Raises:
        OSError: the directory cannot be written to.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink()
        raise
    return draft


def _make(path: Path, key: bytes) -> None:
    """Put the key in place under its name: of several processes that try, one wins."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    draft = write_draft(path, key)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
