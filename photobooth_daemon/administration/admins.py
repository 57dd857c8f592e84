"""Administrators: who may log in, with which permissions, and which tokens still count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.devices import Devices
from photobooth_daemon.administration.passwords import Passwords, new_password_fault
from photobooth_daemon.administration.penalties import Penalties
from photobooth_daemon.administration.permissions import PERMISSIONS
from photobooth_daemon.administration.throttle import (
    AUDITED_ONE_BY_ONE,
    LOGIN_OF_ADDRESS,
    LOGIN_OF_USER,
    Throttle,
    penalty_seconds,
    user_key,
)
from photobooth_daemon.administration.tokens import Tokens
from photobooth_daemon.clock import Clock
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import (
    AdminNotFound,
    Fault,
    InvalidCredentials,
    NotAuthenticated,
    PhotoboothError,
    ValidationFailed,
)
from photobooth_daemon.model import UNAUTHENTICATED, Actor, Admin, Identity
from photobooth_daemon.model.networks import network_of
from photobooth_daemon.repositories.admins import AdminRepository
from photobooth_daemon.repositories.counters import Tally

SHOWN_USERNAME_CHARACTERS = 64
NOT_THE_CURRENT_PASSWORD = Fault("/current_password", "is not the current password")


@dataclass(frozen=True, slots=True)
class Session:
    """What a login gives."""

    token: str
    username: str
    permissions: tuple[str, ...]
    expires_at: datetime
    device_note: str


class AdminService:
    """Logs administrators in and out, and keeps their accounts."""

    def __init__(
        self,
        database: Database,
        repository: AdminRepository,
        audit: Audit,
        throttle: Throttle,
        penalties: Penalties,
        passwords: Passwords,
        tokens: Tokens,
        devices: Devices,
        clock: Clock,
    ) -> None:
        self._database = database
        self._repository = repository
        self._audit = audit
        self._throttle = throttle
        self._penalties = penalties
        self._passwords = passwords
        self._tokens = tokens
        self._devices = devices
        self._clock = clock

    async def login(
        self,
        username: str,
        password: str,
        address: str,
        request_id: str | None,
        device_note: str | None = None,
    ) -> Session:
        """Return a session; takes as long for a user who does not exist as for a wrong password.

        Ten wrong passwords of a user from one address end the guessing there. Thirty of
        an address, whoever it claims to be, turn only wrong ones away: made-up names
        keep no administrator out. A browser in which this user has logged in before
        (``device_note``) counts by itself, whatever others do from its address.

        Raises:
            InvalidCredentials: the name or the password is wrong; which, nobody is told.
            TooManyAttempts: too many failures of this user from this address, or of the address.
        """
        admin = await self._repository.find(username)
        device = None
        if admin is not None:
            device = self._devices.find(device_note, username, admin.token_version)
        asker = network_of(address) if device is None else f"device:{device}"
        of_user = (LOGIN_OF_USER, user_key(username, asker))
        of_address = (LOGIN_OF_ADDRESS, asker)
        by_address, by_user = await self._throttle.count(of_address, of_user)
        over_by_user = by_user.attempts > LOGIN_OF_USER.attempts
        stored_hash = None if admin is None else admin.password_hash
        right = not over_by_user and await self._passwords.verify_for(asker, password, stored_hash)
        now = self._clock.utcnow()
        if admin is None or not right or not admin.may_log_in(now):
            if by_address.attempts <= AUDITED_ONE_BY_ONE:
                await self._record_refused(username, address, request_id)
            raise self._refused(by_address, by_user)
        async with self._database.transaction() as connection:
            if not await self._repository.note_login(connection, username, str(stored_hash), now):
                raise self._refused(by_address, by_user)
            await self._audit.record(
                connection,
                actor=Actor(username, address, request_id),
                action="admin.login",
                entity=f"admin:{username}",
            )
        await self._throttle.take_back(of_address, of_user)
        issued = self._tokens.issue(admin.username, admin.permissions, admin.token_version)
        return Session(
            issued.token,
            admin.username,
            admin.permissions,
            issued.expires_at,
            self._devices.note(username, admin.token_version, device),
        )

    async def hold(self, error: PhotoboothError, address: str) -> None:
        """Return when the answer to a wrong password may leave."""
        await self._penalties.hold(error, address)

    async def authenticate(self, token: str) -> Identity:
        """Return who holds this token, with the permissions of this moment.

        Raises:
            NotAuthenticated: it was never ours, or does not count any more.
        """
        claims = self._tokens.read(token)
        admin = await self._repository.find_for_token(claims.username, claims.token_id)
        if admin is None or admin.disabled or admin.token_version != claims.token_version:
            raise NotAuthenticated("The session has ended; log in again.")
        return Identity(
            admin.username,
            frozenset(admin.permissions),
            claims.token_id,
            claims.expires_at,
            must_change_password=admin.one_time_until is not None,
        )

    async def logout(self, identity: Identity, actor: Actor) -> None:
        """Revoke the token that the caller holds; others of the same account live on."""
        async with self._database.transaction() as connection:
            await self._repository.revoke_token(
                connection, identity.token_id, identity.username, identity.expires_at
            )
            await self._repository.announce(connection)
            await self._audit.record(
                connection,
                actor=actor,
                action="admin.logout",
                entity=f"admin:{identity.username}",
            )

    async def change_own_password(
        self, actor: Actor, current_password: str, new_password: str
    ) -> None:
        """Replace the caller's password; every token issued before is void afterwards.

        Raises:
            ValidationFailed: the current password is wrong, or the new one cannot be taken.
            TooManyAttempts: as for a login: a stolen session must not find the password out.
        """
        fault = new_password_fault(new_password, username=actor.username)
        if fault is not None:
            raise ValidationFailed([Fault("/new_password", fault)])
        network = network_of(actor.address or "")
        of_user = (LOGIN_OF_USER, user_key(actor.username, network))
        of_address = (LOGIN_OF_ADDRESS, network)
        by_address, by_user = await self._throttle.count(of_address, of_user)
        if by_user.attempts > LOGIN_OF_USER.attempts:
            raise self._refused(by_address, by_user)
        admin = await self._repository.find(actor.username)
        stored_hash = None if admin is None else admin.password_hash
        if not await self._passwords.verify(current_password, stored_hash):
            error = ValidationFailed([NOT_THE_CURRENT_PASSWORD])
            error.hold_seconds = penalty_seconds(by_user.attempts)
            raise error
        await self._throttle.take_back(of_address, of_user)
        await self._save_password(actor.username, new_password, actor, instead_of=stored_hash)

    async def set_password(self, username: str, new_password: str, actor: Actor) -> None:
        """Give an account a new password, whatever the old one was, and let it log in again.

        Raises:
            AdminNotFound: there is no such account.
            ValidationFailed: the password cannot be taken.
        """
        fault = new_password_fault(new_password, username=username)
        if fault is not None:
            raise ValidationFailed([Fault("/password", fault)])
        await self._save_password(username, new_password, actor)
        await self._throttle.unlock_user(username)

    async def grant(self, username: str, permissions: Sequence[str], actor: Actor) -> Admin:
        """Add permissions; they are in force for the account's next call.

        Raises:
            AdminNotFound: there is no such account.
            ValidationFailed: a permission that does not exist.
        """
        return await self._change_permissions(username, permissions, (), actor)

    async def revoke(self, username: str, permissions: Sequence[str], actor: Actor) -> Admin:
        """Take permissions away; they are gone at the account's next call.

        Raises:
            AdminNotFound: there is no such account.
            ValidationFailed: a permission that does not exist.
        """
        return await self._change_permissions(username, (), permissions, actor)

    async def unlock(self, username: str, actor: Actor) -> int:
        """Forget the failed logins of an account; return from how many addresses they were.

        Raises:
            AdminNotFound: there is no such account.
        """
        async with self._database.transaction() as connection:
            await self._lock(connection, username)
            await self._audit.record(
                connection, actor=actor, action="admin.unlock", entity=f"admin:{username}"
            )
        return await self._throttle.unlock_user(username)

    async def list_all(self) -> list[Admin]:
        """Return every account."""
        return await self._repository.list_all()

    def _refused(self, by_address: Tally, by_user: Tally) -> PhotoboothError:
        """Return what a wrong password is answered, and for how long that is held back."""
        error: PhotoboothError
        if by_user.attempts > LOGIN_OF_USER.attempts:
            error = self._throttle.refusal(by_user)
        elif by_address.attempts > LOGIN_OF_ADDRESS.attempts:
            error = self._throttle.refusal(by_address)
        else:
            error = InvalidCredentials()
        error.hold_seconds = penalty_seconds(by_address.attempts)
        return error

    async def _record_refused(self, username: str, address: str, request_id: str | None) -> None:
        async with self._database.transaction() as connection:
            await self._audit.record(
                connection,
                actor=Actor(UNAUTHENTICATED, address, request_id),
                action="admin.login_refused",
                entity=f"admin:{username[:SHOWN_USERNAME_CHARACTERS]}",
            )

    async def _save_password(
        self, username: str, new_password: str, actor: Actor, *, instead_of: str | None = None
    ) -> None:
        new_hash = await self._passwords.hash(new_password)
        async with self._database.transaction() as connection:
            admin = await self._lock(connection, username)
            if instead_of is not None and admin.password_hash != instead_of:
                raise ValidationFailed([NOT_THE_CURRENT_PASSWORD])
            await self._repository.save_password(
                connection, username, new_hash, self._clock.utcnow()
            )
            await self._repository.announce(connection)
            await self._audit.record(
                connection, actor=actor, action="admin.password", entity=f"admin:{username}"
            )

    async def _change_permissions(
        self, username: str, added: Sequence[str], removed: Sequence[str], actor: Actor
    ) -> Admin:
        unknown = [name for name in (*added, *removed) if name not in PERMISSIONS]
        if unknown:
            known = ", ".join(PERMISSIONS)
            raise ValidationFailed(
                [Fault(f"/{name}", f"is not a permission; there are {known}") for name in unknown]
            )
        async with self._database.transaction() as connection:
            before = await self._lock(connection, username)
            held = {*before.permissions, *added} - {*removed}
            after = [name for name in PERMISSIONS if name in held]
            if after != list(before.permissions):
                await self._repository.save_permissions(
                    connection, username, after, self._clock.utcnow()
                )
                await self._repository.announce(connection)
                await self._audit.record(
                    connection,
                    actor=actor,
                    action="admin.permissions",
                    entity=f"admin:{username}",
                    before={"permissions": list(before.permissions)},
                    after={"permissions": after},
                )
            return await self._lock(connection, username)

    async def _lock(self, connection: asyncpg.Connection, username: str) -> Admin:
        admin = await self._repository.lock(connection, username)
        if admin is None:
            raise AdminNotFound(f"There is no administrator {username}.")
        return admin
