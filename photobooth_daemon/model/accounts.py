"""Who may log in, and who has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """An administrator who has proved who he is, and with which token."""

    username: str
    permissions: frozenset[str]
    token_id: str
    expires_at: datetime
    must_change_password: bool = False
    """Whether the session was begun with a password for one login."""


@dataclass(frozen=True, slots=True)
class Admin:
    """An administrator's account; without a hash there is no usable password yet."""

    username: str
    password_hash: str | None = field(repr=False)
    permissions: tuple[str, ...]
    token_version: int
    updated_at: datetime
    disabled: bool = False
    last_login_at: datetime | None = None
    one_time_until: datetime | None = None
    """Until when the password is good for one login; None where it is the account's own."""
    one_time_used: bool = False

    def may_log_in(self, now: datetime) -> bool:
        """Return whether the right password opens the account."""
        if self.disabled:
            return False
        return self.one_time_until is None or (now < self.one_time_until and not self.one_time_used)
