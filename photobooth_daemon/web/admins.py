"""``/api/admins``: everybody's account, for those who keep them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from photobooth_daemon.administration.accounts import KEEPS_ACCOUNTS, AccountService
from photobooth_daemon.model import Admin
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paging import number_cursor, read_limit, read_number_cursor, write_page


class _AccountHandler(Handler):
    permission: ClassVar[str | Mapping[str, str] | None] = KEEPS_ACCOUNTS

    def initialize(self, base: Base, *, accounts: AccountService) -> None:
        super().initialize(base)
        self._accounts = accounts


class AdminsHandler(_AccountHandler):
    """``/api/admins``: the accounts; a new one."""

    any_admin = True
    permission: ClassVar[Mapping[str, str]] = {"POST": KEEPS_ACCOUNTS}

    @unless_refused
    async def get(self) -> None:
        """Answer with the accounts; without ``admins:write`` with one's own alone."""
        limit, begin = read_limit(self), read_number_cursor(self) or 0
        found = list(enumerate(await self._accounts.list_for(self.identity), start=1))
        write_page(
            self,
            [entry for entry in found if entry[0] > begin][: limit + 1],
            limit,
            lambda entry: admin_view(entry[1]),
            lambda entry: number_cursor(entry[0]),
        )

    @unless_refused
    async def post(self) -> None:
        """Make an account and show its password for one login, this once."""
        made, password = await self._accounts.create(self.read_json_object(), self.actor())
        self.set_header("Location", f"/api/admins/{made.username}")
        self.write_json({**admin_view(made), "one_time_password": password}, HTTPStatus.CREATED)


class AdminHandler(_AccountHandler):
    """``/api/admins/{username}``."""

    @unless_refused
    async def put(self, username: str) -> None:
        """Replace its permissions, or switch it off or on."""
        changed = await self._accounts.update(username, self.read_json_object(), self.actor())
        self.write_json(admin_view(changed))


class PasswordResetHandler(_AccountHandler):
    """``…/reset-password``."""

    @unless_refused
    async def post(self, username: str) -> None:
        """Show a new password for one login, this once."""
        changed, password = await self._accounts.reset_password(username, self.actor())
        self.write_json({**admin_view(changed), "one_time_password": password})


def admin_view(admin: Admin) -> dict[str, Any]:
    """Return an account as the API gives it."""
    return {
        "username": admin.username,
        "permissions": sorted(admin.permissions),
        "disabled": admin.disabled,
        "has_password": admin.password_hash is not None,
        "last_login_at": admin.last_login_at,
    }
