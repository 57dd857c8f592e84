"""The slot's page in both languages: what is typed is guarded, checked, saved and brought back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ui_house import House, Visit, local_look, wait_for
from tests.support.ui_pictures import frame
from tests.ui.test_flows import tab_to

pytestmark = pytest.mark.browser
SLOT = "slot-015"


@pytest.fixture
def slot(house: House) -> Iterator[str]:
    """A slot that the test may do anything to: black and white, switched on."""
    house.put_slot(SLOT, display_name="Проба", enabled=True, fallback=[], **local_look("bw"))
    yield SLOT
    version = house.call("GET", f"/api/slots/{SLOT}")["version"]
    house.call("DELETE", f"/api/slots/{SLOT}", query={"version": version})


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
