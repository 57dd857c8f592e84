"""Where Tab begins, one message at a time, a password that is copied before it is in force."""

from __future__ import annotations

import pytest

from tests.support.ui_house import House, Visit, wait_for

pytestmark = pytest.mark.browser


def test_tab_begins_with_the_way_to_the_content_and_the_navigation(admin: Visit) -> None:
    page = admin.page
    admin.open()
    page.locator(".card").first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.skip')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('nav') !== null")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('main h1')")
    # Another screen takes the focus: whoever cannot see it hears where they are.
    page.locator("nav a[href='#/jobs']").click()
    page.locator("h1", has_text=admin.t("screen.jobs")).wait_for()
    wait_for(lambda: page.evaluate("document.activeElement.matches('main h1')"))


def test_a_made_password_can_be_copied_before_it_is_in_force(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    before = house.call("GET", "/api/settings")["ingest_password"]
    admin.open("settings?at=ingest")
    admin.button("settings.rotate").click()
    dialog = page.get_by_role("dialog")
    made = dialog.locator("#ingest-password").input_value()
    dialog.get_by_role("button", name=t("act.copy")).click()
    page.locator(".toast", has_text=t("state.copied")).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == made
    # Copying twice is one message.
    dialog.get_by_role("button", name=t("act.copy")).click()
    assert page.locator(".toast").count() == 1
    dialog.get_by_role("button", name=t("act.cancel")).click()
    assert house.call("GET", "/api/settings")["ingest_password"] == before


def test_no_two_places_are_named_nearly_alike(admin: Visit) -> None:
    admin.open()
    names = admin.page.locator("nav li a").all_inner_texts()
    assert len({name.strip()[:8] for name in names}) == len(names)


def test_numbers_have_the_units_that_people_use(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    comma = "," if admin.language == "ru" else "."
    admin.open("settings")
    field = page.locator("#max_pixels")
    try:
        assert field.input_value() == "60"
        hint = page.locator("#max_pixels-hint").inner_text()
        assert t("form.between", min="1", max="200") in hint
        field.fill("0")
        admin.button("act.save").click()
        page.locator("#max_pixels-fault", has_text=t("fault.minimum", limit="1")).wait_for()
        field.fill(f"40{comma}5")
        admin.button("act.save").click()
        admin.toast("settings.saved")
        assert house.call("GET", "/api/settings")["max_pixels"] == 40_500_000
        admin.open("audit?action=settings.update")
        page.locator(".audit-row summary").first.click()
        page.locator(".diff ins", has_text=f"40{comma}5").first.wait_for()
        said = page.locator(".diff ins", has_text=f"40{comma}5").first.inner_text()
        assert said == f"40{comma}5\u00a0{t('unit.megapixels')}"
    finally:
        version = house.call("GET", "/api/settings")["version"]
        house.call("PUT", "/api/settings", {"version": version, "max_pixels": 60_000_000})


def test_where_motion_is_reduced_nothing_shows_its_old_looks_for_a_while(admin: Visit) -> None:
    admin.open("account")
    opacities = """() => {
      const button = document.querySelector("main .button");
      const shown = () => getComputedStyle(button).opacity;
      const before = shown();
      button.setAttribute("aria-disabled", "true");
      const off = shown();
      button.removeAttribute("aria-disabled");
      return [before, off, shown()];
    }"""
    assert admin.page.evaluate(opacities) == ["1", "0.55", "1"]
