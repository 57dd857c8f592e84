"""The tab of cameras that cannot post: a picture of where it is typed, and no shell in the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.ui_house import LANGUAGES, NARROW, House, Visit, visit

pytestmark = pytest.mark.browser
SHELL = re.compile(r"sudo|systemctl|journalctl|photoboothctl|\.toml|\[intake\]")
SLOT_ID = re.compile(r"\bslot-\d{3}\b")


@pytest.fixture(params=LANGUAGES)
def admin(request: pytest.FixtureRequest, house: House, browser: Any) -> Iterator[Visit]:
    house.start_intake()
    with visit(house, browser, request.param) as one:
        one.login()
        yield one


def answer_with(one: Visit, **changes: Any) -> None:
    """Let the intake be otherwise than it is."""

    def answer(route: Any) -> None:
        found = route.fetch().json()
        for name, value in changes.items():
            found[name] = {**found[name], **value} if isinstance(value, dict) else value
        route.fulfill(json=found)

    one.page.route("**/api/intake", answer)


def shown(one: Visit) -> str:
    return str(one.page.locator("main").inner_text())


def test_the_picture_has_the_values_of_the_list_under_its_numbers(admin: Visit) -> None:
    answer_with(admin, ftp={"address": "192.0.2.7", "port": 2121, "tls": "required"})
    admin.open("slots/slot-003?tab=setup")
    admin.open("slots/slot-001?tab=intake")
    page, t = admin.page, admin.t
    rows = page.locator(".camera-display li")
    rows.first.wait_for()
    drawn = [tuple(row.inner_text().split("\n")) for row in rows.all()]
    wanted = ["192.0.2.7", "2121", "slot-001", "•" * 10, t("intake.passive_on"), "FTPS", "/"]
    assert [value for _, _, value in drawn] == wanted
    listed = page.locator("#ftp .recipe dt").all_inner_texts()
    assert [f"{number}{name}" for number, name, _ in drawn] == listed
    said = page.get_by_role("img", name="192.0.2.7")
    assert "slot-001" in said.get_attribute("aria-label")
    assert t("camera.password") in said.get_attribute("aria-label")


def test_each_make_has_its_way_through_the_menu(admin: Visit) -> None:
    admin.open("slots/slot-003?tab=setup")
    admin.open("slots/slot-001?tab=intake")
    page, t = admin.page, admin.t
    for make in ("nikon", "sony", "canon"):
        page.locator(".segment", has_text=t(f"intake.make.{make}.name")).click()
        page.locator(".menu-path", has_text=t(f"intake.make.{make}.path")).wait_for()
        title = page.locator(".camera-title").inner_text()
        assert title.strip() == t(f"intake.make.{make}.page")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"state": "off"},
        {"state": "down"},
        {"slots": []},
        {"ftp": {"enabled": False}},
        {"ftp": {"address": "127.0.0.1"}},
    ],
    ids=["on", "off", "down", "not this", "no ftp", "here only"],
)
def test_who_has_no_shell_reads_words_first(admin: Visit, changes: dict[str, Any]) -> None:
    answer_with(admin, **changes)
    admin.open("slots/slot-003?tab=setup")
    admin.open("slots/slot-001?tab=intake")
    page, t = admin.page, admin.t
    page.locator("#ftp, #intake-off, .notice").first.wait_for()
    assert SHELL.search(shown(admin)) is None, SHELL.search(shown(admin))
    typed = page.locator("#ftp .copyable, #folder .copyable, .camera-value").all_inner_texts()
    assert len(SLOT_ID.findall(shown(admin))) == len(SLOT_ID.findall("\n".join(typed)))
    if changes and "local" not in str(changes):
        page.locator("details.by-command summary", has_text=t("intake.shell")).first.click()
        assert SHELL.search(shown(admin)) is not None


def test_the_picture_fits_a_phone(house: House, browser: Any) -> None:
    house.start_intake()
    for language in LANGUAGES:
        with visit(house, browser, language, NARROW) as one:
            one.login()
            one.open("slots/slot-001?tab=intake")
            one.page.locator(".camera-display").wait_for()
            wide = one.page.evaluate(
                "[...document.querySelectorAll('.camera-back, .camera-value')]"
                ".map((part) => part.getBoundingClientRect().right)"
            )
            assert max(wide) <= NARROW[0]
