"""Things are called by their names: no id of a slot, no name of a driver's module on any screen."""

from __future__ import annotations

import re

import pytest

from tests.support.ui_house import House, Visit, wait_for

pytestmark = pytest.mark.browser
UNNAMED = {"ru": "Слот 14", "en": "Slot 14"}
IDS = re.compile(r"slot-0\d\d|\bgemini\b(?!-)|\blocal\b")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("", ".card-picture img"),
        ("jobs", ".job-row .quiet b"),
        ("stats?window=24h", "#by-slot th a"),
        ("templates", ".template"),
        ("slots/slot-004", "#results"),
        ("audit?action=slot.update", ".audit-row"),
        ("settings", "#provider-gemini"),
        ("health", ".checks"),
    ],
)
def test_no_screen_speaks_of_ids(admin: Visit, path: str, shown: str) -> None:
    admin.open(path)
    main = admin.page.locator("main")
    main.locator(shown).first.wait_for()
    # The catalogue of providers may come a moment after the screen.
    wait_for(lambda: not IDS.findall(main.inner_text()), seconds=5)


def test_what_nobody_has_named_is_called_in_the_readers_language(
    admin: Visit, house: House
) -> None:
    assert house.call("GET", "/api/slots/slot-014")["display_name"] == "Slot 14"
    name = UNNAMED[admin.language]
    admin.open()
    admin.page.locator(".card h2", has_text=name).wait_for()
    admin.open("slots/slot-014")
    assert admin.page.locator("h1").inner_text() == name
    # The field waits for a name; opening and leaving changes nothing.
    field = admin.page.locator("#display_name")
    assert (field.input_value(), field.get_attribute("placeholder")) == ("", name)
    assert admin.page.locator(".save-bar").count() == 0
    field.fill("Slot 1")
    assert field.input_value() == "Slot 1"
    admin.button("act.discard").click()


def test_the_audit_log_is_filtered_by_its_own_words(admin: Visit) -> None:
    page, t = admin.page, admin.t
    admin.open("audit")
    page.locator("#filter-action").select_option(label=t("audit_action.slot.update"))
    page.locator("#filter-entity").select_option(label="3 · Плёнка 70-х")
    page.locator("#filter-actor").select_option(label="serg")
    rows = page.locator(".audit-row")
    wait_for(lambda: rows.count() == rows.filter(has_text="3 · Плёнка 70-х").count() > 0)
    assert "action=slot.update" in page.url
    page.reload()
    wait_for(lambda: rows.count() == rows.filter(has_text="3 · Плёнка 70-х").count() > 0)
    assert page.locator("#filter-entity").input_value() == "slot:slot-003"


RAW = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|\{\"|\bparams\.|media_id|image/")


@pytest.mark.parametrize("slot", ["slot-004", "slot-005"])
def test_changes_are_told_in_words(admin: Visit, slot: str) -> None:
    page = admin.page
    admin.open(f"audit?entity=slot:{slot}")
    page.locator(".audit-row").first.wait_for()
    for summary in page.locator(".audit-row summary").all():
        summary.click()
    main = page.locator("main")
    frame = {"ru": "Рамка: Рамка «Юбилей»", "en": "Frame: Рамка «Юбилей»"}[admin.language]
    if slot == "slot-005":
        wait_for(lambda: frame in main.inner_text(), seconds=5)
    wait_for(lambda: not RAW.findall(main.inner_text()), seconds=5)
    admin.open(f"slots/{slot}?tab=history")
    page.locator(".revision .diff").first.wait_for()
    assert not RAW.findall(main.inner_text())
    name = admin.t("slot.unnamed", n=str(int(slot[-3:])))
    assert page.locator(".diff del", has_text=name).count() == 1


def test_a_photos_numbers_are_there_for_support_and_folded(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    query = {"slot": "slot-004", "status": "done", "limit": 1}
    job_id = house.call("GET", "/api/jobs", query=query)["items"][0]["job_id"]
    admin.open(f"jobs/{job_id}")
    page.locator("#attempts .attempt").first.wait_for()
    assert not RAW.findall(page.locator("main").inner_text())
    page.locator("#facts summary", has_text=t("job.ids")).click()
    assert page.get_by_text(job_id).is_visible()


def test_the_search_closes_on_escape_whatever_is_typed(admin: Visit) -> None:
    page = admin.page
    admin.open()
    page.locator(".card").first.wait_for()
    page.keyboard.press("/")
    page.locator("dialog .found li").first.wait_for()
    page.keyboard.type("кино")
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
