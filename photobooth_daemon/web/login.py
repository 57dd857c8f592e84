"""Login, logout, who am I, my password."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from photobooth_daemon.administration import devices
from photobooth_daemon.administration.admins import AdminService, Session
from photobooth_daemon.administration.tokens import LIFE_SECONDS
from photobooth_daemon.errors import (
    Fault,
    InvalidCredentials,
    TooManyAttempts,
    ValidationFailed,
)
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.providers.param_faults import escaped
from photobooth_daemon.web.authenticator import SESSION_COOKIE, XSRF_COOKIE
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.cookies import find_cookie
from photobooth_daemon.web.handler import Handler, unless_refused

DEVICE_COOKIE = "photobooth_device"
MOST_FAULTS = 20


class LoginHandler(Handler):
    """``POST /api/login``."""

    public = True

    def initialize(self, base: Base, *, admins: AdminService, metrics: Metrics) -> None:
        super().initialize(base)
        self._admins = admins
        self._metrics = metrics

    @unless_refused
    async def post(self) -> None:
        """Give a token and the session cookie for the right name and password."""
        username, password = _strings(self.read_json_object(), ("username", "password"))
        note = find_cookie(self.request, self.site.cookie_name(self.request, DEVICE_COOKIE))
        try:
            session = await self._admins.login(
                username,
                password,
                self.client_address(),
                self.request_id,
                note,
            )
        except (InvalidCredentials, TooManyAttempts) as error:
            self._metrics.auth_failures_total.labels("login").inc()
            await self._admins.hold(error, self.client_address())
            raise
        self._set_cookies(session)
        self.write_json(
            {
                "token": session.token,
                "token_type": "Bearer",
                "expires_at": session.expires_at,
                "username": session.username,
                "permissions": session.permissions,
            }
        )

    def _set_cookies(self, session: Session) -> None:
        secure = self.site.is_secure(self.request)
        for name, value, httponly, life_seconds in (
            (self._name(SESSION_COOKIE), session.token, True, LIFE_SECONDS),
            (XSRF_COOKIE, secrets.token_urlsafe(32), False, LIFE_SECONDS),
            (self._name(DEVICE_COOKIE), session.device_note, True, devices.LIFE_SECONDS),
        ):
            self.set_cookie(
                name,
                value,
                path="/",
                httponly=httponly,
                secure=secure,
                samesite="Strict",
                max_age=life_seconds,
            )

    def _name(self, cookie: str) -> str:
        return self.site.cookie_name(self.request, cookie)


class _OwnHandler(Handler):
    """What everybody who is logged in may do with their own session."""

    any_admin = True
    open_to_newcomers = True

    def initialize(self, base: Base, *, admins: AdminService) -> None:
        super().initialize(base)
        self._admins = admins


class LogoutHandler(_OwnHandler):
    """``POST /api/logout``."""

    @unless_refused
    async def post(self) -> None:
        """Revoke the token of this call and clear the cookies."""
        await self._admins.logout(self.identity, self.actor())
        secure = self.site.is_secure(self.request)
        for name in (self.site.cookie_name(self.request, SESSION_COOKIE), XSRF_COOKIE):
            # Tornado 6.2 cannot clear a cookie that is secure, and browsers would not take that.
            self.set_cookie(name, "", path="/", secure=secure, max_age=0)
        self.set_status(HTTPStatus.NO_CONTENT)


class MeHandler(Handler):
    """``GET /api/me``."""

    any_admin = True
    open_to_newcomers = True

    @unless_refused
    async def get(self) -> None:
        """Tell the caller who they are."""
        self.write_json(
            {
                "username": self.identity.username,
                "permissions": sorted(self.identity.permissions),
                "expires_at": self.identity.expires_at,
            }
        )


class MyPasswordHandler(_OwnHandler):
    """``PUT /api/me/password``."""

    @unless_refused
    async def put(self) -> None:
        """Replace the caller's password; every token of theirs ends, this one too."""
        current, new = _strings(self.read_json_object(), ("current_password", "new_password"))
        try:
            await self._admins.change_own_password(self.actor(), current, new)
        except (ValidationFailed, TooManyAttempts) as error:
            await self._admins.hold(error, self.client_address())
            raise
        self.set_status(HTTPStatus.NO_CONTENT)


def _strings(body: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Return the strings of a body that has these keys and no others.

    Raises:
        ValidationFailed: with the first faults: whoever sends this may be a stranger.
    """
    faults = list(islice(_faults(body, names), MOST_FAULTS))
    if faults:
        raise ValidationFailed(faults)
    return [body[name] for name in names]


def _faults(body: Mapping[str, Any], names: Sequence[str]) -> Iterator[Fault]:
    for name in names:
        if name not in body:
            yield Fault(f"/{name}", "is required")
    for key, value in body.items():
        if key not in names:
            yield Fault(f"/{escaped(key)}", "is not known here")
        elif not isinstance(value, str):
            yield Fault(f"/{escaped(key)}", "must be a string")
