"""The slot's page: what a saved slot lacks, its copy, guests' answers; and boards for screens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.office import BOUNDARY, form
from tests.support.ui_house import (
    INGEST_PASSWORD,
    LANGUAGES,
    NARROW,
    House,
    Visit,
    local_look,
    visit,
    wait_for,
)
from tests.support.ui_pictures import party

pytestmark = pytest.mark.browser
SLOT, OTHER = "slot-012", "slot-011"


@pytest.fixture
def slot(house: House) -> Iterator[str]:
    """A slot of the test's own, by a provider that takes prompts; another one is left blank."""
    recipe = {"provider": "gemini", "operation": "edit", "params": {"prompt": "Шляпа"}}
    house.put_slot(SLOT, display_name="Шляпы", enabled=True, fallback=[], **recipe)
    yield SLOT
    for slot_id in (SLOT, OTHER):
        version = house.call("GET", f"/api/slots/{slot_id}")["version"]
        house.call("DELETE", f"/api/slots/{slot_id}", query={"version": version})


def saved(one: Visit) -> None:
    one.button("act.save").click()
    one.page.locator(".save-bar").wait_for(state="detached")


def send(house: House, slot_id: str, **fields: str) -> None:
    """Send a photo as a booth does whose form asks the guest something."""
    parts = {"password": INGEST_PASSWORD, "fileToUpload": party(), **fields}
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    path = f"/api/ingest/{slot_id}?response=json"
    status, answer = house.daemon.request("POST", path, form(parts), headers)
    assert status == 200, answer


def test_a_saved_slot_says_what_it_needs_to_be_switched_on(
    admin: Visit, house: House, slot: str
) -> None:
    page, t = admin.page, admin.t
    house.put_slot(slot, enabled=False)
    admin.open(f"slots/{slot}")
    page.locator("#params-prompt").fill("")
    saved(admin)
    missing = page.locator(".notice", has_text=t("slot.missing"))
    link = missing.get_by_role("link")
    assert link.count() == 1
    link.click()
    wait_for(lambda: page.evaluate("document.activeElement.id") == "params-prompt")
    page.locator("#provider").select_option("openai")
    saved(admin)
    missing.get_by_role("link", name=t("field.provider")).click()
    wait_for(lambda: page.evaluate("document.activeElement.id") == "provider")
    page.locator("#provider").select_option("local")
    saved(admin)
    missing.wait_for(state="detached")


def test_models_of_the_vendor_are_offered(admin: Visit, slot: str) -> None:
    admin.open(f"slots/{slot}")
    options = admin.page.locator("#params-model-list option")
    wait_for(lambda: options.count() > 0)
    assert admin.page.locator("#params-model").get_attribute("list") == "params-model-list"


def test_a_slot_is_copied_and_the_copy_is_off(admin: Visit, house: House, slot: str) -> None:
    page, t = admin.page, admin.t
    house.put_slot(OTHER, display_name="Вход", **local_look("bw"))
    admin.open(f"slots/{slot}")
    admin.button("slot.copy").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("#copy-to").select_option(OTHER)
    dialog.get_by_text(t("slot.copy_over")).wait_for()
    dialog.get_by_role("button", name=t("slot.copy_here"), exact=True).click()
    page.locator("h1", has_text="Вход").wait_for()
    made = house.call("GET", f"/api/slots/{OTHER}")
    assert (made["provider"], made["enabled"]) == ("gemini", False)
    assert made["display_name"] == "Вход"


def test_guests_answers_are_set_up_and_tried(
    admin: Visit, house: House, slot: str, tmp_path: Path
) -> None:
    page, t = admin.page, admin.t
    send(house, slot, hat="цилиндр")
    admin.open(f"slots/{slot}")
    # What the booth's form sent last is offered by its name.
    page.get_by_role("button", name=t("guest_fields.add_seen", field="hat"), exact=True).click()
    page.locator(".segment", has_text=t("guest_fields.kinds.choices")).click()
    page.locator("#guest-0-choices").fill("Цилиндр\nКепка")
    page.locator("#guest-0-default").fill("берет")
    admin.button("guest_fields.add").click()
    page.locator("#guest-1-field").fill("имя")
    page.locator("#params-prompt").fill("Надень {{hat}} и напиши {{name}}")
    page.keyboard.press("Control+s")
    page.locator("#guest-1-field-fault", has_text=t("guest_fields.name_fault")).wait_for()
    page.locator("#params-prompt-fault", has_text="name").wait_for()
    page.locator("#guest-1-field").fill("name")
    saved(admin)
    fields = house.call("GET", f"/api/slots/{slot}")["guest_fields"]
    assert fields == [
        {"field": "hat", "choices": ["Цилиндр", "Кепка"], "max_length": 40, "default": "берет"},
        {"field": "name", "choices": None, "max_length": 40, "default": ""},
    ]
    photo = tmp_path / "IMG_0002.JPG"
    photo.write_bytes(party())
    page.locator("#try input[type=file]").set_input_files(photo)
    page.locator("#answer-hat").select_option("Кепка")
    page.locator("#answer-name").fill("Оля")
    admin.button("try.start").click()
    page.locator("#try .notice.ok").wait_for()
    tried = house.call("GET", "/api/jobs", query={"slot": slot, "source": "test", "limit": 1})
    assert tried["items"][0]["client_fields"] == {"hat": "Кепка", "name": "Оля"}
    asked = [
        one.facts["prompt"] for one in house.provider.fake.log.requests if "prompt" in one.facts
    ]
    assert asked[-1] == "Надень Кепка и напиши Оля"
    page.locator("#try summary", has_text=t("job.prompts")).click()
    page.locator("#try .prompt", has_text=asked[-1]).wait_for()
    page.get_by_role("link", name=t("try.story")).click()
    page.locator("#prompts .prompt", has_text=asked[-1]).wait_for()


def test_a_board_is_made_opened_without_a_login_and_taken_back(
    admin: Visit, house: House, browser: Any
) -> None:
    page, t = admin.page, admin.t
    label = f"Кухня {admin.language}"
    admin.open("settings")
    admin.button("boards.add").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("#board-label").fill(label)
    dialog.locator(".segment", has_text=t("event.slots_some")).click()
    dialog.locator(".pick", has_text="Чёрно-белая арка").click()
    dialog.get_by_role("button", name=t("boards.create"), exact=True).click()
    link = page.get_by_label(t("boards.link")).input_value()
    admin.button("rotation.noted").click()
    assert link not in page.content()
    row = page.locator("#boards li", has_text=label)
    row.get_by_text("Чёрно-белая арка").wait_for()
    with visit(house, browser, admin.language) as screen:
        screen.page.goto(link)
        screen.page.get_by_text("Чёрно-белая арка").first.wait_for()
    row.get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name=t("boards.take_back"), exact=True).click()
    row.wait_for(state="detached")
    assert all(one["label"] != label for one in house.call("GET", "/api/boards")["items"])


def test_a_test_result_is_marked_when_the_form_has_changed_since(
    admin: Visit, slot: str, tmp_path: Path
) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{slot}")
    photo = tmp_path / "IMG_0004.JPG"
    photo.write_bytes(party())
    page.locator("#try input[type=file]").set_input_files(photo)
    admin.button("try.start").click()
    page.locator("#try .notice.ok").wait_for()
    stale = page.locator("#try .notice", has_text=t("try.stale"))
    # Another name makes no other picture.
    page.locator("#display_name").fill("Котелки")
    assert stale.count() == 0
    page.locator("#params-prompt").fill("Котелки всем")
    stale.wait_for()
    page.locator("#params-prompt").fill("Шляпа")
    stale.wait_for(state="detached")
    admin.button("act.discard").click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_phone_the_trial_comes_first_and_rare_settings_are_folded(
    house: House, browser: Any, slot: str, language: str
) -> None:
    with visit(house, browser, language, NARROW) as one:
        one.login()
        one.open(f"slots/{slot}")
        page = one.page
        page.locator("#answer").wait_for()

        def top(part: str) -> float:
            return float(page.locator(part).bounding_box()["y"])

        assert top("#try") < NARROW[1]
        assert top("#try") < top("#recipe") < top("#answer") < top("#results")
        assert not page.locator("#output-quality").is_visible()
        # What is wrong in the fold opens it.
        page.locator("#answer summary").click()
        page.locator("#output-quality").fill("0")
        page.locator("#answer summary").click()
        page.keyboard.press("Control+s")
        page.locator("#output-quality-fault").wait_for()
        assert page.locator("#output-quality").is_visible()
        # Nor does it close on whoever mends it.
        page.locator("#output-quality").fill("80")
        page.locator("#output-quality-fault").wait_for(state="detached")
        assert page.locator("#output-quality").is_visible()
        # A slot that does nothing yet begins with its recipes.
        one.button("act.discard").click()
        one.open(f"slots/{OTHER}")
        page.locator(".recipe-card").first.wait_for()
        assert top("#recipe") < top("#try")


def test_a_hint_sends_nobody_to_a_shell(admin: Visit, slot: str) -> None:
    admin.open(f"slots/{slot}")
    admin.page.locator("#params-model").wait_for()
    main = admin.page.locator("main").inner_text()
    assert "photoboothctl" not in main
    assert "«auto»" not in main
    assert "“auto”" not in main


def test_a_role_says_what_it_takes_and_closes_when_it_is_full(admin: Visit, slot: str) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{slot}")
    page.locator("#provider").select_option("local")
    page.locator("#operation").select_option("frame")
    role = page.locator("#bindings .role")
    role.get_by_text(t("bindings.needs_one")).wait_for()
    assert role.get_by_text(t("bindings.drop")).is_visible()
    role.get_by_role("button", name=t("bindings.choose")).click()
    page.locator("dialog .library-item").first.click()
    role.get_by_text(t("bindings.full")).wait_for()
    assert not role.get_by_text(t("bindings.drop")).is_visible()
    admin.button("act.discard").click()
