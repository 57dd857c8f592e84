"""What administrators do in the UI, in both languages, in a real browser on a real daemon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.office import PASSWORDS
from tests.support.ui_house import (
    INGEST_PASSWORD,
    LANGUAGES,
    House,
    Visit,
    frame,
    local_look,
    party,
    visit,
    wait_for,
)

pytestmark = pytest.mark.browser
SLOT = "slot-015"


@pytest.fixture(params=LANGUAGES)
def guest(request: pytest.FixtureRequest, house: House, browser: Any) -> Iterator[Visit]:
    """A browser in one language, nobody logged in."""
    with visit(house, browser, request.param) as one:
        yield one


@pytest.fixture
def admin(guest: Visit) -> Visit:
    """The same with a session of serg's."""
    guest.login()
    return guest


@pytest.fixture
def slot(house: House) -> Iterator[str]:
    """A slot that the test may do anything to: black and white, switched on."""
    house.put_slot(SLOT, display_name="Проба", enabled=True, fallback=[], **local_look("bw"))
    yield SLOT
    version = house.call("GET", f"/api/slots/{SLOT}")["version"]
    house.call("DELETE", f"/api/slots/{SLOT}", query={"version": version})


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


def test_opening_and_leaving_a_slot_changes_nothing(admin: Visit, house: House) -> None:
    for slot_id in ("slot-001", "slot-004", "slot-005"):
        before = house.call("GET", f"/api/slots/{slot_id}")
        admin.open(f"slots/{slot_id}")
        admin.page.locator("#answer").wait_for()
        assert admin.page.locator(".save-bar").count() == 0
        # Touched and put back: nothing is left to save.
        name = admin.page.get_by_label(admin.t("field.display_name"))
        name.fill("Другое")
        admin.page.locator(".save-bar").wait_for()
        name.fill(before["display_name"])
        admin.page.locator(".save-bar").wait_for(state="detached")
        # One thing changed: nothing else is sent along with it.
        admin.page.locator("#answer summary").click()
        quality = admin.page.locator("#output-quality")
        quality.fill("91")
        admin.button("act.save").click()
        admin.toast("slot.saved")
        after = house.call("GET", f"/api/slots/{slot_id}")
        differing = {key for key in before if before[key] != after[key]}
        assert differing == {"version", "updated_at", "updated_by", "output"} - (
            {"updated_by"} if before["updated_by"] == "serg" else set()
        )
        house.put_slot(slot_id, output=before["output"])


def test_wrong_values_are_said_where_they_are(admin: Visit, slot: str) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{slot}")
    page.locator("#params-intensity").fill("250")
    page.get_by_label(t("field.display_name")).fill("")
    page.keyboard.press("Control+s")
    page.locator("#params-intensity-fault", has_text="100").wait_for()
    page.locator("#display_name-fault", has_text=t("fault.empty")).wait_for()
    wait_for(lambda: page.evaluate("document.activeElement.id") == "display_name")
    page.locator("#params-intensity").fill("много")
    page.locator("#params-intensity-fault", has_text=t("fault.type_integer")).wait_for()


def test_a_slot_that_cannot_work_says_what_is_missing(
    admin: Visit, house: House, slot: str
) -> None:
    page = admin.page
    admin.open(f"slots/{slot}")
    page.locator("#provider").select_option("openai")
    admin.button("act.save").click()
    page.locator("#provider-fault", has_text="openai").wait_for()
    assert house.call("GET", f"/api/slots/{slot}")["provider"] == "local"


def test_unsaved_changes_are_guarded(admin: Visit, slot: str) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{slot}")
    page.get_by_label(t("field.display_name")).fill("Не сохранено")
    page.locator(".save-bar").wait_for()
    page.get_by_role("link", name=t("screen.jobs"), exact=True).click()
    page.get_by_role("dialog").wait_for()
    admin.button("act.stay").click()
    assert page.get_by_label(t("field.display_name")).input_value() == "Не сохранено"
    page.get_by_role("link", name=t("screen.jobs"), exact=True).click()
    admin.button("slot.leave").click()
    page.locator("h1", has_text=t("screen.jobs")).wait_for()


def test_two_administrators_change_one_slot_and_one_chooses(
    admin: Visit, house: House, slot: str
) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{slot}")
    page.get_by_label(t("field.display_name")).fill("Моё имя")
    page.locator("#params-look").select_option(label="Нуар" if admin.language == "ru" else "Noir")
    theirs = house.put_slot(slot, display_name="Чужое имя", on_failure="original")
    admin.button("act.save").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Чужое имя").wait_for()
    assert dialog.get_by_text("Моё имя").is_visible()
    row = dialog.get_by_role("row").filter(has_text=t("field.display_name"))
    row.get_by_role("radio").nth(1).check()
    admin.button("conflict.save").click()
    admin.toast("slot.saved")
    saved = house.call("GET", f"/api/slots/{slot}")
    assert saved["version"] == theirs["version"] + 1
    assert (saved["display_name"], saved["on_failure"]) == ("Чужое имя", "original")
    assert saved["params"] == {"look": "noir"}


def test_another_administrators_change_shows_at_once(admin: Visit, house: House, slot: str) -> None:
    page = admin.page
    admin.open(f"slots/{slot}")
    page.locator(".connection.live").wait_for()
    house.put_slot(slot, display_name="Издалека")
    page.locator("h1", has_text="Издалека").wait_for()
    page.get_by_label(admin.t("field.display_name")).fill("Начато")
    house.put_slot(slot, display_name="Ещё раз")
    page.locator(".notice.warn", has_text="serg").wait_for()
    assert page.get_by_label(admin.t("field.display_name")).input_value() == "Начато"


def test_a_version_is_brought_back_from_the_history(admin: Visit, house: House, slot: str) -> None:
    page, t = admin.page, admin.t
    before = house.call("GET", f"/api/slots/{slot}")
    house.put_slot(slot, display_name="Ошибка", params={"look": "pop"})
    admin.open(f"slots/{slot}?tab=history")
    row = page.locator(".revision", has_text=re.compile(rf"\b{before['version']}\b")).first
    row.get_by_role("button", name=t("history.restore")).click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_text("Ошибка").is_visible()
    dialog.get_by_role("button", name=t("history.restore")).click()
    admin.toast("history.restored", version=before["version"])
    now = house.call("GET", f"/api/slots/{slot}")
    assert (now["display_name"], now["params"]) == (before["display_name"], before["params"])


def test_a_reset_is_confirmed_and_can_be_undone(admin: Visit, house: House, slot: str) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{slot}")
    admin.button("slot.reset").click()
    page.get_by_role("dialog").get_by_role("button", name=t("slot.reset")).click()
    page.locator(".toast", has_text=t("slot.reset_done")).wait_for()
    assert house.call("GET", f"/api/slots/{slot}")["provider"] is None
    admin.button("act.undo").click()
    page.locator("h1", has_text="Проба").wait_for()
    wait_for(lambda: house.call("GET", f"/api/slots/{slot}")["params"] == {"look": "bw"})


def test_a_template_is_added_bound_by_drag_and_drop_and_removed(
    admin: Visit, house: House, slot: str, tmp_path: Path
) -> None:
    page, t = admin.page, admin.t
    picture = tmp_path / "Снежинки.png"
    picture.write_bytes(frame((90, 150, 200)))
    admin.open("templates")
    page.locator(".drop-zone input").set_input_files(picture)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(t("templates.label")).fill(f"Снежинки {admin.language}")
    dialog.get_by_role("button", name=t("templates.add")).click()
    admin.toast("templates.added")
    admin.open(f"slots/{slot}")
    page.locator("#operation").select_option("frame")
    page.locator("#bindings").wait_for()
    source = page.locator(".shelf li", has=page.get_by_alt_text(f"Снежинки {admin.language}"))
    source.drag_to(page.locator("#bindings .drop-zone"))
    page.locator(".bound", has_text=f"Снежинки {admin.language}").wait_for()
    admin.button("act.save").click()
    admin.toast("slot.saved")
    assert len(house.call("GET", f"/api/slots/{slot}")["template_media"]) == 1
    admin.open("templates")
    one = page.locator(".template", has_text=f"Снежинки {admin.language}")
    one.get_by_role("link", name="15 · Проба").wait_for()
    one.get_by_role("button").click()
    confirm = page.get_by_role("dialog")
    assert "15 · Проба" in confirm.inner_text()
    confirm.get_by_role("button", name=t("act.delete"), exact=True).click()
    admin.toast("templates.deleted")
    assert house.call("GET", f"/api/slots/{slot}")["template_media"] == []


def test_a_template_is_bound_without_a_mouse(admin: Visit, slot: str) -> None:
    page = admin.page
    admin.open(f"slots/{slot}")
    page.locator("#operation").select_option("frame")
    page.locator("#bindings .role").wait_for()
    choose = page.locator("#bindings").get_by_role("button", name=admin.t("bindings.choose"))
    choose.focus()
    page.keyboard.press("Enter")
    page.locator("dialog .library-item").first.wait_for()
    tab_to(admin, ".library-item")
    page.keyboard.press("Enter")
    page.locator(".bound").wait_for()
    wait_for(lambda: page.evaluate("document.activeElement.matches('#bindings .button')"))


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


def test_the_language_changes_without_losing_what_was_typed(admin: Visit, slot: str) -> None:
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
