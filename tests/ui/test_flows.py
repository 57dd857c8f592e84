"""What administrators do in the UI, in both languages, in a real browser on a real daemon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.office import PASSWORDS
from tests.support.ui_house import INGEST_PASSWORD, House, Visit, wait_for
from tests.support.ui_pictures import party

pytestmark = pytest.mark.browser


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo on the administrator's desktop."""
    path = tmp_path / "IMG_0003.JPG"
    path.write_bytes(party())
    return path


def choose_photo(one: Visit, panel: str, path: Path) -> None:
    one.page.locator(f"{panel} input[type=file]").set_input_files(path)


def loaded_pictures(one: Visit, selector: str) -> int:
    script = "(s) => [...document.querySelectorAll(s)].filter((i) => i.naturalWidth > 0).length"
    return int(one.page.evaluate(script, selector))


def test_from_login_to_a_tested_picture_by_mouse(guest: Visit, house: House, photo: Path) -> None:
    page, t = guest.page, guest.t
    empty = "slot-014"
    guest.open()
    page.get_by_label(t("login.username")).fill("serg")
    page.get_by_label(t("login.password")).fill(PASSWORDS["serg"])
    guest.button("login.enter").click()
    page.locator(f".card a[href='#/slots/{empty}']").click()
    page.get_by_label(t("field.display_name")).fill("Сепия")
    page.locator("#provider").select_option("local")
    page.locator("#params-look").select_option(label="Сепия" if guest.language == "ru" else "Sepia")
    page.locator("label.switch", has_text=t("slot.enabled")).click()
    choose_photo(guest, "#try", photo)
    guest.button("try.start").click()
    page.locator("#try .notice.ok").wait_for()
    wait_for(lambda: loaded_pictures(guest, ".before-after img") == 2)
    assert page.locator("#try .steps dd").count() == 6
    guest.button("act.save").click()
    guest.toast("slot.saved")
    saved = house.call("GET", f"/api/slots/{empty}")
    assert (saved["enabled"], saved["provider"], saved["params"]) == (
        True,
        "local",
        {"look": "sepia"},
    )
    assert house.send(empty)[0] == 200
    page.locator("#results .results li").first.wait_for()
    house.call("DELETE", f"/api/slots/{empty}", query={"version": saved["version"]})


def test_from_login_to_a_tested_picture_by_keyboard(
    guest: Visit, house: House, photo: Path
) -> None:
    page, t = guest.page, guest.t
    empty = "slot-013"
    guest.open()
    # The first field has the focus.
    page.keyboard.type("serg")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS["serg"])
    page.keyboard.press("Enter")
    page.locator(".board").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("13")
    page.keyboard.press("Enter")
    page.locator("#recipe").wait_for()
    tab_to(guest, "#enabled")
    page.keyboard.press("Space")
    tab_to(guest, "#display_name")
    page.keyboard.press("Control+A")
    page.keyboard.type("Pop")
    tab_to(guest, "#provider")
    step_to(guest, "local")
    page.locator("#params-look").wait_for()
    tab_to(guest, "#params-look")
    step_to(guest, "6")
    with page.expect_file_chooser() as chooser:
        tab_to(guest, "#try .button")
        page.keyboard.press("Enter")
    chooser.value.set_files(photo)
    tab_to(guest, "#try .button.primary")
    page.keyboard.press("Enter")
    page.locator("#try .notice.ok").wait_for()
    page.keyboard.press("Control+s")
    guest.toast("slot.saved")
    saved = house.call("GET", f"/api/slots/{empty}")
    assert (saved["display_name"], saved["params"]) == ("Pop", {"look": "pop"})
    assert t("app.name") in page.title()
    house.call("DELETE", f"/api/slots/{empty}", query={"version": saved["version"]})


def step_to(one: Visit, value: str) -> None:
    """Press the arrow key until the list that has the focus is at ``value``."""
    for _ in range(20):
        one.page.keyboard.press("ArrowDown")
        if one.page.evaluate("document.activeElement.value") == value:
            return
    raise AssertionError(f"the arrow does not reach {value}")


def tab_to(one: Visit, selector: str) -> None:
    """Press Tab until the focus is there, and see that the focus shows."""
    for _ in range(80):
        if one.page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
        one.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def test_a_wrong_password_is_refused_in_words(guest: Visit) -> None:
    guest.open()
    guest.page.get_by_label(guest.t("login.username")).fill("igor")
    guest.page.get_by_label(guest.t("login.password")).fill("a wrong one")
    guest.button("login.enter").click()
    notice = guest.page.get_by_role("alert")
    notice.get_by_text(guest.t("problem.invalid_credentials.title")).wait_for()
    assert guest.page.evaluate("document.activeElement.id") == "password"


def test_the_ingest_password_is_rotated(admin: Visit, house: House) -> None:
    page = admin.page
    admin.open("settings")
    admin.button("settings.rotate").click()
    new = page.locator("#ingest-password")
    made = new.input_value()
    assert len(made) == 19
    new.fill("short")
    admin.button("rotation.save").click()
    page.locator("#ingest-password-fault").wait_for()
    new.fill(made)
    admin.button("rotation.save").click()
    page.locator(".secret code", has_text=made).wait_for()
    assert house.send("slot-001")[0] == 401
    admin.button("rotation.noted").click()
    assert made not in page.content()
    settings = house.call("GET", "/api/settings")
    back = {"version": settings["version"], "ingest_password": INGEST_PASSWORD}
    house.call("PUT", "/api/settings", back)
    assert house.send("slot-001")[0] == 200


def test_settings_are_changed_within_their_bounds(admin: Visit, house: House) -> None:
    page = admin.page
    admin.open("settings")
    page.locator("#slot_queue").fill("500")
    admin.button("act.save").click()
    page.locator("#slot_queue-fault", has_text="200").wait_for()
    page.locator("#slot_queue").fill("31")
    admin.button("act.save").click()
    admin.toast("settings.saved")
    settings = house.call("GET", "/api/settings")
    assert settings["slot_queue"] == 31
    house.call("PUT", "/api/settings", {"version": settings["version"], "slot_queue": 30})


def test_a_failure_is_explained_to_an_operator(admin: Visit) -> None:
    page, t = admin.page, admin.t
    admin.open("jobs?status=failed")
    page.locator(".job-row a").first.click()
    page.locator("#attempts").wait_for()
    notice = page.get_by_role("alert")
    assert t("reason.refused.title") in notice.inner_text()
    assert t("side.provider") in notice.inner_text()
    assert t("reason.refused.todo") in notice.inner_text()
    # The number that the provider's support asks for is folded below its attempt.
    ids = page.locator("#attempts details", has_text=t("attempt.ids"))
    assert not ids.locator(".mono").is_visible()
    ids.locator("summary").click()
    assert ids.locator(".mono").inner_text()


def test_search_and_number_keys_lead_to_slots(admin: Visit) -> None:
    page, t = admin.page, admin.t
    admin.open()
    page.keyboard.press("3")
    page.locator("h1", has_text=re.compile(r"^3 · ")).wait_for()
    page.keyboard.press("/")
    page.get_by_role("dialog").get_by_role("combobox").fill("киностудия")
    page.locator("#found li").first.wait_for()
    page.keyboard.press("Enter")
    page.locator("h1", has_text="Киностудия").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_role("heading", name=t("help.title")).wait_for()
    page.locator("label.switch", has_text=t("help.switch")).click()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press("/")
    assert page.locator("h1").inner_text() == "4 · Киностудия"
    assert page.get_by_role("dialog").count() == 0


@pytest.fixture
def igor(house: House) -> Iterator[str]:
    """An administrator whose password the test may change."""
    yield "igor"
    house.set_password("igor", PASSWORDS["igor"])


def test_an_administrator_changes_the_own_password(guest: Visit, igor: str) -> None:
    page, t = guest.page, guest.t
    guest.login(igor)
    guest.open("account")
    page.get_by_label(t("account.current_password")).fill("not this one")
    page.get_by_label(t("account.new_password")).fill("igor's next password")
    guest.button("account.change").click()
    page.locator("#current_password-fault", has_text=t("account.not_current")).wait_for()
    page.get_by_label(t("account.current_password")).fill(PASSWORDS["igor"])
    guest.button("account.change").click()
    guest.toast("account.password_changed")
    page.get_by_role("button", name=t("nav.logout")).click()
    page.locator(".login #password").wait_for()


def test_the_language_changes_without_losing_what_was_typed(admin: Visit) -> None:
    page = admin.page
    admin.open("account")
    other = "English" if admin.language == "ru" else "Русский"
    page.get_by_role("radio", name=other).check()
    page.locator(
        "h1", has_text="My profile" if admin.language == "ru" else "Мой профиль"
    ).wait_for()
    assert page.evaluate("document.documentElement.lang") != admin.language
    page.reload()
    page.locator(
        "h1", has_text="My profile" if admin.language == "ru" else "Мой профиль"
    ).wait_for()
