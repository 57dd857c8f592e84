"""Administrators' tokens: HS256, 24 hours, void as soon as the account's version moves on."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from photobooth_daemon.clock import Clock
from photobooth_daemon.errors import NotAuthenticated

ISSUER = "photobooth-daemon"
ALGORITHM = "HS256"
LIFE_SECONDS = 24 * 3600
MIN_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says, its signature and its life checked."""

    username: str
    token_id: str
    token_version: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token just made."""

    token: str
    expires_at: datetime


class Tokens:
    """Makes and reads tokens; whether one has been revoked, the database knows.

    Raises:
        ValueError: the key is shorter than 32 bytes.
    """

    def __init__(self, key: bytes, clock: Clock) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"the token key has fewer than {MIN_KEY_BYTES} bytes")
        self._key = key
        self._clock = clock

    def issue(self, username: str, permissions: Sequence[str], token_version: int) -> IssuedToken:
        """Return a new token for an administrator."""
        issued_at = self._clock.utcnow().replace(microsecond=0)
        expires_at = issued_at + timedelta(seconds=LIFE_SECONDS)
        claims = {
            "iss": ISSUER,
            "sub": username,
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": secrets.token_urlsafe(16),
            "perms": list(permissions),
            "ver": token_version,
        }
        return IssuedToken(jwt.encode(claims, self._key, algorithm=ALGORITHM), expires_at)

    def read(self, token: str) -> Claims:
        """Return what a token says.

        Raises:
            NotAuthenticated: not one of ours, altered, or its life is over.
        """
        try:
            # The times are checked below, by the clock that made them.
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={
                    "require": ["iss", "sub", "iat", "exp", "jti", "perms", "ver"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "verify_aud": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise NotAuthenticated from error
        return self._checked(claims)

    def _checked(self, claims: dict[str, Any]) -> Claims:
        username, token_id, version = claims["sub"], claims["jti"], claims["ver"]
        expires = claims["exp"]
        if not _is_name(username) or not _is_name(token_id):
            raise NotAuthenticated
        if type(version) is not int or type(expires) is not int:
            raise NotAuthenticated
        try:
            expires_at = datetime.fromtimestamp(expires, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise NotAuthenticated from error
        if expires_at <= self._clock.utcnow():
            raise NotAuthenticated("The session has ended; log in again.")
        return Claims(username, token_id, version, expires_at)


def _is_name(value: Any) -> bool:
    """Return whether a claim is text that the database can be asked for."""
    return isinstance(value, str) and value.isprintable()
