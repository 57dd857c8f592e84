"""Secrets that the database keeps and cannot read: AES-256-GCM (NIST SP 800-38D)."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from photobooth_daemon.administration.key_file import read_key_file

SETTING = "server.secrets_key_file"
KEY_BYTES = 64
NONCE_BYTES = 12


class SealBroken(Exception):
    """A secret was sealed under another key, or altered."""


class SealedSecrets:
    """Seals and opens short secrets; each is bound to its name, so that none passes for another."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(hashlib.sha256(key).digest())

    @classmethod
    def of_file(cls, path: Path) -> SealedSecrets:
        """Return the one of a key file; the first process of an installation makes it, mode 0600.

        Raises:
            ConfigError: the file cannot be read or made, or the key in it is too short.
        """
        new = secrets.token_urlsafe(KEY_BYTES).encode("ascii")
        return cls(read_key_file(path, SETTING, make=new))

    def seal(self, name: str, secret: str) -> bytes:
        """Return the secret as the database keeps it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), name.encode())

    def open(self, name: str, sealed: bytes) -> str:
        """Return the secret that was sealed under this name.

        Raises:
            SealBroken: the key is another one, or the secret was altered.
        """
        try:
            opened = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(name) from error
        return opened.decode()
