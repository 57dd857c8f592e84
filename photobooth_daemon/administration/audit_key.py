"""The key that chains and seals the audit log: a file of its own, the same on every host.

It is not the token key, so that one can be replaced without the log looking altered,
and so that whoever gets hold of one has not got the other.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from pathlib import Path

from photobooth_daemon.administration.audit_head import NAME, NotedHead
from photobooth_daemon.administration.key_file import key_file_exists, read_key_file
from photobooth_daemon.administration.signing_key import SETTING as SIGNING_SETTING
from photobooth_daemon.administration.signing_key import load_signing_key
from photobooth_daemon.errors import ConfigError

SETTING = "server.audit_key_file"
KEY_BYTES = 32
_HEXADECIMAL = re.compile(rb"[0-9a-f]{%d}" % (2 * KEY_BYTES))

log = logging.getLogger(__name__)


def load_audit_key(path: Path, signing_key_file: Path) -> bytes:
    """Return the key in ``path``, made by whoever comes first; call it before the signing key's.

    An installation that has a signing key and no audit key has a log that was chained
    under a key derived from the former: that one is written down, and goes on.

    Raises:
        ConfigError: a file cannot be read or made, or the key in it is too short.
    """
    begun = key_file_exists(path, SETTING)
    if begun or not key_file_exists(signing_key_file, SIGNING_SETTING):
        made = secrets.token_hex(KEY_BYTES).encode("ascii")
        return _as_bytes(read_key_file(path, SETTING, make=made))
    derived = derived_audit_key(load_signing_key(signing_key_file))
    try:
        # Before the key is there: afterwards, an end without a seal is not ours.
        NotedHead(signing_key_file.with_name(NAME), derived).seal_older()
        return _as_bytes(read_key_file(path, SETTING, make=derived.hex().encode("ascii")))
    except (ConfigError, OSError) as error:
        if path.parent != signing_key_file.parent:
            raise
        # Where the signing key is a read-only credential, there is no room beside it.
        log.warning(
            "the audit log has no key of its own: set audit_key_file", extra={"error": str(error)}
        )
        return derived


def derived_audit_key(signing_key: bytes) -> bytes:
    """Return the key that chained the log before it had one of its own."""
    return hmac.digest(signing_key, b"photobooth-daemon audit log", hashlib.sha256)


def _as_bytes(key: bytes) -> bytes:
    """Return what a file of 64 hexadecimal digits stands for, and any other as it is."""
    return bytes.fromhex(key.decode("ascii")) if _HEXADECIMAL.fullmatch(key) else key
