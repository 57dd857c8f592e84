"""The key that signs tokens and chains the audit log: one file, the same on every host."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from photobooth_daemon.errors import ConfigError, Fault

KEY_BYTES = 64
MIN_KEY_BYTES = 32


def load_signing_key(path: Path) -> bytes:
    """Return the key in ``path``; the first process of an installation makes it, mode 0600.

    Raises:
        ConfigError: the file cannot be read or made, or the key in it is too short.
    """
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes().strip()
    except OSError as error:
        fault = Fault("server.jwt_key_file", f"{path}: {error.strerror or type(error).__name__}")
        raise ConfigError([fault]) from error
    if len(key) < MIN_KEY_BYTES:
        message = f"{path} has fewer than {MIN_KEY_BYTES} bytes; remove it to have a new one made"
        raise ConfigError([Fault("server.jwt_key_file", message)])
    return key


def _make(path: Path) -> None:
    """Write the whole key under another name first: of several processes that try, one wins."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
