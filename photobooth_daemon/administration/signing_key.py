"""The key that signs tokens: one file, the same on every host."""

from __future__ import annotations

import secrets
from pathlib import Path

from photobooth_daemon.administration.key_file import read_key_file

KEY_BYTES = 64
SETTING = "server.jwt_key_file"


def load_signing_key(path: Path) -> bytes:
    """Return the key in ``path``; the first process of an installation makes it, mode 0600.

    Raises:
        ConfigError: the file cannot be read or made, or the key in it is too short.
    """
    return read_key_file(path, SETTING, make=new_signing_key())


def read_signing_key(path: Path) -> bytes:
    """Return the key in ``path``; none is made.

    Raises:
        ConfigError: there is none that can be used.
    """
    return read_key_file(path, SETTING, make=None)


def new_signing_key() -> bytes:
    """Return a key that nobody has used."""
    return secrets.token_urlsafe(KEY_BYTES).encode("ascii")
