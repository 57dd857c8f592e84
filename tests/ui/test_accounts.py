"""Accounts in the UI: made, logged in to for the first time, changed, switched off."""

from __future__ import annotations

from typing import Any

import pytest

from photobooth_daemon.administration.permissions import PERMISSIONS
from tests.support.ui_house import House, Visit, visit, wait_for

pytestmark = pytest.mark.browser
CHOSEN = "a password of my own"


def account(house: House, name: str) -> Any:
    items = house.call("GET", "/api/admins")["items"]
    return next(one for one in items if one["username"] == name)


def row(one: Visit, name: str) -> Any:
    return one.page.locator(".account-row", has=one.page.get_by_role("heading", name=name))


def add(one: Visit, name: str, role: str) -> str:
    """Make an account in the browser; return its password for one login."""
    one.button("accounts.add").click()
    dialog = one.page.get_by_role("dialog")
    dialog.locator("#new-username").fill(name)
    dialog.locator(".segment", has_text=one.t(f"accounts.roles.{role}")).click()
    dialog.get_by_role("button", name=one.t("accounts.create")).click()
    secret = one.page.locator(".secret code")
    password = str(secret.inner_text())
    one.button("rotation.noted").click()
    assert password not in one.page.content()
    return password


def test_a_new_account_chooses_its_password_and_may_do_what_its_role_says(
    admin: Visit, house: House, browser: Any
) -> None:
    name = f"olga-{admin.language}"
    admin.open("accounts")
    password = add(admin, name, "viewer")
    row(admin, name).get_by_text(admin.t("accounts.never")).wait_for()
    with visit(house, browser, admin.language) as olga:
        page = olga.page
        olga.open()
        log_in(olga, name, password)
        page.get_by_role("heading", name=olga.t("login.choose")).wait_for()
        assert page.locator("nav").count() == 0
        # It stays so until it is done, whatever is opened.
        page.goto(f"{house.url}/#/jobs")
        page.reload()
        page.get_by_label(olga.t("login.one_time")).fill(password)
        page.locator("#new_password").fill(CHOSEN)
        olga.button("login.choose_save").click()
        page.locator("nav").wait_for()
        olga.open()
        page.locator(".card").first.wait_for()
        assert page.get_by_role("link", name=olga.t("screen.settings")).count() == 0
        olga.open("slots/slot-001")
        page.locator("#recipe").wait_for()
        assert page.locator("#display_name").is_disabled()
    admin.page.reload()
    assert admin.t("accounts.never") not in row(admin, name).inner_text()


def log_in(one: Visit, name: str, password: str) -> None:
    one.page.get_by_label(one.t("login.username")).fill(name)
    one.page.get_by_label(one.t("login.password")).fill(password)
    one.button("login.enter").click()


def test_a_one_time_password_is_not_asked_for_twice(
    admin: Visit, house: House, browser: Any
) -> None:
    name = f"anna-{admin.language}"
    house.call("POST", "/api/admins", {"username": name, "permissions": ["slots:read"]})
    admin.open("accounts")
    row(admin, name).get_by_role("button", name=admin.t("accounts.reset")).click()
    dialog = admin.page.get_by_role("dialog")
    dialog.get_by_role("button", name=admin.t("accounts.reset")).click()
    password = admin.page.locator(".secret code").inner_text()
    admin.button("rotation.noted").click()
    with visit(house, browser, admin.language) as anna:
        anna.open()
        log_in(anna, name, password)
        anna.page.locator("#new_password").fill(CHOSEN)
        assert anna.page.locator("#current_password").count() == 0
        anna.button("login.choose_save").click()
        anna.page.locator(".card").first.wait_for()


def test_permissions_are_chosen_one_by_one(admin: Visit, house: House) -> None:
    name = f"boris-{admin.language}"
    house.call("POST", "/api/admins", {"username": name, "permissions": ["slots:read"]})
    admin.open("accounts")
    button = admin.t("accounts.permissions_of", name=name)
    row(admin, name).get_by_role("button", name=button).click()
    dialog = admin.page.get_by_role("dialog")
    assert dialog.get_by_role("checkbox").count() == len(PERMISSIONS)
    dialog.get_by_label(admin.t("permission.jobs:read")).check()
    admin.button("act.save").click()
    admin.toast("accounts.changed")
    assert account(house, name)["permissions"] == ["jobs:read", "slots:read"]
    row(admin, name).get_by_role("button", name=button).click()
    dialog.locator(".segment", has_text=admin.t("accounts.roles.host")).click()
    admin.button("act.save").click()
    admin.toast("accounts.changed")
    row(admin, name).get_by_text(admin.t("accounts.roles.host")).wait_for()
    assert "events:write" in account(house, name)["permissions"]


def test_an_account_is_switched_off_and_on_but_not_the_last_one(admin: Visit, house: House) -> None:
    admin.open("accounts")
    for name, gone in (("igor", True), ("serg", False)):
        off = admin.t("accounts.switch_off_of", name=name)
        row(admin, name).get_by_role("button", name=off, exact=True).click()
        dialog = admin.page.get_by_role("dialog")
        dialog.get_by_role("button", name=admin.t("accounts.switch_off")).click()
        if gone:
            admin.toast("accounts.switched_off", name=name)
            row(admin, name).get_by_text(admin.t("accounts.is_off")).wait_for()
        else:
            admin.toast("problem.last_administrator.title")
    assert [account(house, name)["disabled"] for name in ("igor", "serg")] == [True, False]
    on = admin.t("accounts.switch_on_of", name="igor")
    row(admin, "igor").get_by_role("button", name=on, exact=True).click()
    admin.toast("accounts.switched_on", name="igor")
    assert not account(house, "igor")["disabled"]


def test_a_name_that_cannot_be_is_said_at_the_field(admin: Visit) -> None:
    admin.open("accounts")
    admin.button("accounts.add").click()
    dialog = admin.page.get_by_role("dialog")
    field, fault = dialog.locator("#new-username"), dialog.locator("#new-username-fault")
    create = dialog.get_by_role("button", name=admin.t("accounts.create"))
    for name, words in (
        ("Ольга", "accounts.username_fault"),
        ("serg", "problem.username_taken.title"),
        ("camera", "accounts.username_reserved"),
    ):
        field.fill(name)
        create.click()
        fault.get_by_text(admin.t(words)).wait_for()
    wait_for(lambda: field.get_attribute("aria-invalid") == "true")
