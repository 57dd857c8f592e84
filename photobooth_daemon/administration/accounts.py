"""Accounts: made, changed, switched off, and given a password for one login."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import asyncpg
from jsonschema import Draft202012Validator

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.differences import differences
from photobooth_daemon.administration.passwords import Passwords
from photobooth_daemon.administration.permissions import PERMISSIONS
from photobooth_daemon.administration.throttle import Throttle
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import (
    AdminNotFound,
    Fault,
    LastAdministrator,
    UsernameTaken,
    ValidationFailed,
)
from photobooth_daemon.model import Actor, Admin, Identity
from photobooth_daemon.providers.param_faults import body_faults
from photobooth_daemon.repositories.admins import AdminRepository

KEEPS_ACCOUNTS = "admins:write"
ONE_TIME_LIFE = timedelta(hours=24)
ONE_TIME_BYTES = 12
"""16 characters to read out once."""
RESERVED_NAMES = ("camera", "guest", "quickstart", "unauthenticated")
"""What the audit log calls those who have no account."""

_PERMISSIONS = {
    "type": "array",
    "maxItems": 2 * len(PERMISSIONS),
    "items": {"type": "string", "enum": list(PERMISSIONS)},
}
ACCOUNT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "username": {
            "type": "string",
            "pattern": "^[a-z][a-z0-9_-]{1,31}$",
        },
        "permissions": _PERMISSIONS,
    },
    "required": ["username", "permissions"],
    "additionalProperties": False,
}
ACCOUNT_CHANGE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"permissions": _PERMISSIONS, "disabled": {"type": "boolean"}},
    "additionalProperties": False,
}
_NEW = Draft202012Validator(ACCOUNT_SCHEMA)
_CHANGE = Draft202012Validator(ACCOUNT_CHANGE_SCHEMA)


class AccountService:
    """What those with ``admins:write`` do to everybody's account."""

    def __init__(
        self,
        database: Database,
        repository: AdminRepository,
        audit: Audit,
        throttle: Throttle,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._audit = audit
        self._throttle = throttle
        self._passwords = passwords
        self._clock = clock

    async def list_for(self, identity: Identity) -> list[Admin]:
        """Return every account to whoever keeps them, to others their own."""
        found = await self._repository.list_all()
        if KEEPS_ACCOUNTS in identity.permissions:
            return found
        return [admin for admin in found if admin.username == identity.username]

    async def create(self, body: Mapping[str, Any], actor: Actor) -> tuple[Admin, str]:
        """Make an account and return it with its password for one login.

        Raises:
            ValidationFailed: every fault.
            UsernameTaken: there is an account of this name.
        """
        _check(_NEW, body)
        password, password_hash = await self._new_password()
        username, now = body["username"], self._clock.utcnow()
        permissions = _in_order(body["permissions"])
        async with self._database.transaction() as connection:
            if not await self._repository.insert(connection, username, permissions, now):
                raise UsernameTaken
            await self._repository.save_one_time_password(
                connection, username, password_hash, now + ONE_TIME_LIFE, now
            )
            await self._audit.record(
                connection,
                actor=actor,
                action="admin.create",
                entity=f"admin:{username}",
                after={"permissions": permissions},
            )
            made = await self._lock(connection, username)
        return made, password

    async def update(self, username: str, body: Mapping[str, Any], actor: Actor) -> Admin:
        """Replace an account's permissions, or switch it off or on; in force at its next call.

        Raises:
            AdminNotFound: there is no such account.
            ValidationFailed: every fault.
            LastAdministrator: nobody would be left to keep the accounts.
        """
        _check(_CHANGE, body)
        async with self._database.transaction() as connection:
            everybody = await self._repository.lock_all(connection)
            before = everybody.get(username)
            if before is None:
                raise AdminNotFound
            permissions = _in_order(body.get("permissions", before.permissions))
            disabled = body.get("disabled", before.disabled)
            others = [admin for name, admin in everybody.items() if name != username]
            keeps = KEEPS_ACCOUNTS in permissions and not disabled
            if _keeps(before) and not keeps and not any(_keeps(admin) for admin in others):
                raise LastAdministrator
            old, new = differences(
                {"permissions": _in_order(before.permissions), "disabled": before.disabled},
                {"permissions": permissions, "disabled": disabled},
            )
            if new:
                now = self._clock.utcnow()
                await self._repository.save_permissions(connection, username, permissions, now)
                await self._repository.save_disabled(connection, username, disabled, now)
                await self._repository.announce(connection)
                await self._audit.record(
                    connection,
                    actor=actor,
                    action="admin.update",
                    entity=f"admin:{username}",
                    before=old,
                    after=new,
                )
            return await self._lock(connection, username)

    async def reset_password(self, username: str, actor: Actor) -> tuple[Admin, str]:
        """Give an account a password for one login; every session of it ends.

        Raises:
            AdminNotFound: there is no such account.
        """
        password, password_hash = await self._new_password()
        now = self._clock.utcnow()
        async with self._database.transaction() as connection:
            await self._lock(connection, username)
            await self._repository.save_one_time_password(
                connection, username, password_hash, now + ONE_TIME_LIFE, now
            )
            await self._repository.announce(connection)
            await self._audit.record(
                connection, actor=actor, action="admin.reset_password", entity=f"admin:{username}"
            )
            changed = await self._lock(connection, username)
        await self._throttle.unlock_user(username)
        return changed, password

    async def _new_password(self) -> tuple[str, str]:
        password = secrets.token_urlsafe(ONE_TIME_BYTES)
        return password, await self._passwords.hash(password)

    async def _lock(self, connection: asyncpg.Connection, username: str) -> Admin:
        admin = await self._repository.lock(connection, username)
        if admin is None:
            raise AdminNotFound
        return admin


def _keeps(admin: Admin) -> bool:
    """Return whether somebody can log in to this account and keep the others."""
    return (
        KEEPS_ACCOUNTS in admin.permissions
        and not admin.disabled
        and admin.password_hash is not None
    )


def _in_order(permissions: Any) -> list[str]:
    return [name for name in PERMISSIONS if name in permissions]


def _check(validator: Draft202012Validator, body: Mapping[str, Any]) -> None:
    faults = body_faults(validator, body)
    if body.get("username") in RESERVED_NAMES:
        faults = [*faults, Fault("/username", "Is reserved; choose another name.")]
    if faults:
        raise ValidationFailed(faults)
