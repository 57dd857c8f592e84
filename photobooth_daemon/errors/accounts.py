"""Failures of logging in, and of keeping accounts."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.errors.base import NotFound, PhotoboothError


class NotAuthenticated(PhotoboothError):
    code = "unauthenticated"
    default_detail = "Log in first: this call needs a valid token."


class PermissionMissing(PhotoboothError):
    code = "forbidden"

    def __init__(self, permission: str) -> None:
        super().__init__(f"This call needs the permission {permission}.")
        self.permission = permission

    def extra(self) -> dict[str, Any]:
        return {"permission": self.permission}


class XsrfRequired(PhotoboothError):
    code = "xsrf_required"
    default_detail = (
        "A call with the session cookie needs the header X-XSRF-Token "
        "equal to the cookie photobooth_xsrf."
    )


class InvalidCredentials(PhotoboothError):
    code = "invalid_credentials"
    default_detail = "The user name or the password is wrong."


class TooManyAttempts(PhotoboothError):
    code = "too_many_attempts"
    default_detail = "Too many wrong passwords; wait before the next one."


class UsernameTaken(PhotoboothError):
    code = "username_taken"
    default_detail = "There is an account of this name."


class LastAdministrator(PhotoboothError):
    code = "last_administrator"
    default_detail = "This is the last account that keeps the others; give admins:write first."


class PasswordChangeRequired(PhotoboothError):
    code = "password_change_required"
    default_detail = "This password was for one login: choose your own with PUT /api/me/password."


class AdminNotFound(NotFound):
    default_detail = "There is no administrator of this name."
