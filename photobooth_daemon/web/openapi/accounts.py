"""Accounts in the OpenAPI document: their shapes and their operations."""

from __future__ import annotations

from photobooth_daemon.administration.accounts import ACCOUNT_CHANGE_SCHEMA, ACCOUNT_SCHEMA
from photobooth_daemon.web.openapi.parts import PAGE, Operation, json_answer
from photobooth_daemon.web.openapi.schemas import (
    MAYBE_INSTANT,
    TEXT,
    YES_NO,
    Schema,
    list_of,
    named,
    page_of,
    record,
)

NO_ADMIN = {404: "not_found"}


def account_schemas() -> dict[str, Schema]:
    """Return the components that accounts need."""
    shown = {
        "username": TEXT,
        "permissions": list_of(TEXT),
        "disabled": YES_NO,
        "has_password": YES_NO,
        "last_login_at": MAYBE_INSTANT,
    }
    return {
        "Admin": record(shown),
        "NewAdmin": dict(ACCOUNT_SCHEMA),
        "AdminChange": dict(ACCOUNT_CHANGE_SCHEMA),
        "AdminWithPassword": record({**shown, "one_time_password": TEXT}),
    }


ACCOUNT_OPERATIONS = (
    Operation(
        "GET", "/api/admins", "Accounts", "The accounts; without admins:write one's own alone",
        {200: json_answer(page_of(named("Admin")))},
        PAGE,
    ),
    Operation(
        "POST", "/api/admins", "Accounts", "Makes an account, with a password for one login",
        {201: json_answer("AdminWithPassword")},
        body=named("NewAdmin"),
        problems={409: "username_taken", 422: "validation_failed"},
    ),
    Operation(
        "PUT", "/api/admins/{username}", "Accounts", "Replaces permissions; switches off or on",
        {200: json_answer("Admin")},
        body=named("AdminChange"),
        problems={**NO_ADMIN, 409: "last_administrator", 422: "validation_failed"},
    ),
    Operation(
        "POST", "/api/admins/{username}/reset-password", "Accounts",
        "Gives an account a password for one login; its sessions end",
        {200: json_answer("AdminWithPassword")},
        problems=NO_ADMIN,
    ),
)  # fmt: skip
