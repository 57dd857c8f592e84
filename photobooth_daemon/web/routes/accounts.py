"""What administrators are and what holds for all: every one of these needs at least a session."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import admins, login, settings
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services


def account_routes(services: Services) -> list[URLSpec]:
    """Return accounts, and the settings."""
    base, accounts = services.base, services.accounts
    return [
        route(
            r"/api/login",
            login.LoginHandler,
            base=base,
            admins=accounts.admins,
            metrics=services.metrics,
        ),
        route(r"/api/logout", login.LogoutHandler, base=base, admins=accounts.admins),
        route(r"/api/me", login.MeHandler, base=base),
        route(r"/api/me/password", login.MyPasswordHandler, base=base, admins=accounts.admins),
        route(r"/api/admins", admins.AdminsHandler, base=base, accounts=accounts.accounts),
        route(
            rf"/api/admins/{SEGMENT}",
            admins.AdminHandler,
            base=base,
            accounts=accounts.accounts,
        ),
        route(
            rf"/api/admins/{SEGMENT}/reset-password",
            admins.PasswordResetHandler,
            base=base,
            accounts=accounts.accounts,
        ),
        route(
            r"/api/settings",
            settings.SettingsHandler,
            base=base,
            settings=accounts.settings,
        ),
    ]
