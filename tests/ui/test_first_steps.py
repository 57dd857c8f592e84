"""From an empty installation to the first photo in the browser, and providers' keys on the way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.database.embedded import EmbeddedPostgres
from tests.conftest import TEMPLATE
from tests.support.ui_house import (
    INGEST_PASSWORD,
    KEY,
    LANGUAGES,
    NARROW,
    WIDE,
    House,
    Visit,
    open_house,
    visit,
    wait_for,
)
from tests.support.ui_pictures import party
from tests.ui.looks import LOOKS, axe_source, look_over
from tests.ui.screenshots import save

pytestmark = pytest.mark.browser
STEPS = ("password", "provider", "recipe", "test", "on", "address", "photo")


@pytest.fixture
def empty_house(chromium: str, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[House]:
    """A daemon as its installation leaves it."""
    with open_house(tmp_path, postgres, TEMPLATE, empty=True) as opened:
        yield opened


@pytest.fixture(params=LANGUAGES)
def admin(request: pytest.FixtureRequest, empty_house: House, browser: Any) -> Iterator[Visit]:
    with visit(empty_house, browser, request.param) as one:
        one.login()
        yield one


def done(one: Visit) -> list[str]:
    """The steps that are ticked off, in the list's order."""
    ticked = one.page.locator("#first-steps li").evaluate_all(
        "(items) => items.map((item) => item.classList.contains('done'))"
    )
    return [name for name, tick in zip(STEPS, ticked, strict=False) if tick]


def step(one: Visit, name: str) -> None:
    """Follow the step's link from the board."""
    one.open()
    one.page.locator("#first-steps a", has_text=one.t(f"steps.{name}.title")).click()


def test_the_list_leads_from_nothing_to_the_first_photo(
    admin: Visit, empty_house: House, tmp_path: Path
) -> None:
    page, t = admin.page, admin.t
    admin.open()
    page.locator("#first-steps").wait_for()
    assert done(admin) == []

    step(admin, "password")
    admin.button("settings.set_password").click()
    page.locator("#ingest-password").fill(INGEST_PASSWORD)
    admin.button("rotation.save").click()
    admin.button("rotation.noted").click()

    step(admin, "provider")
    google = page.locator("#provider-gemini")
    google.get_by_text(t("providers.own_address")).wait_for()
    # A key that the vendor refuses is said to be refused, and is no step forward.
    enter_key(admin, "providers.enter", "AIza-a-wrong-key-0123456789")
    google.locator(".notice.bad").wait_for()
    admin.open()
    wait_for(lambda: done(admin) == ["password"])
    step(admin, "provider")
    enter_key(admin, "providers.replace", KEY)
    google.locator(".notice.ok").wait_for()
    google.locator(".models summary").click()
    assert google.locator(".models li").count() > 0
    google.get_by_text(t("key_source.administrator")).wait_for()
    assert KEY not in page.content()

    step(admin, "recipe")
    page.locator("#provider").select_option("gemini")
    page.locator("#params-prompt").fill("Шляпы всем")
    admin.button("act.save").click()
    page.locator(".save-bar").wait_for(state="detached")

    step(admin, "test")
    photo = tmp_path / "IMG_0001.JPG"
    photo.write_bytes(party())
    page.locator("#try input[type=file]").set_input_files(photo)
    admin.button("try.start").click()
    page.locator("#try .notice.ok").wait_for()

    step(admin, "on")
    wait_for(lambda: page.evaluate("document.activeElement.id") == "enabled")
    page.keyboard.press("Space")
    admin.button("act.save").click()
    page.locator(".save-bar").wait_for(state="detached")

    step(admin, "address")
    page.locator("#dslr").wait_for()
    admin.open()
    wait_for(lambda: done(admin) == list(STEPS[:-1]))
    # The board is open when the first photo arrives: nothing is left to do.
    assert empty_house.send("slot-001")[0] == 200
    page.locator("#first-steps").wait_for(state="detached")

    empty_house.put_slot("slot-001", enabled=False)
    page.locator("#first-steps .next", has_text=t("steps.on.title")).wait_for()
    assert done(admin) == [name for name in STEPS if name != "on"]


def test_the_list_is_put_away_until_a_step_is_undone(admin: Visit, empty_house: House) -> None:
    page, t = admin.page, admin.t
    settings = empty_house.call("GET", "/api/settings")
    password = {"version": settings["version"], "ingest_password": INGEST_PASSWORD}
    empty_house.call("PUT", "/api/settings", password)
    empty_house.call("PUT", "/api/providers/gemini/key", {"api_key": KEY})
    admin.open()
    wait_for(lambda: done(admin) == ["password", "provider"])
    admin.button("steps.put_away").click()
    page.locator("#first-steps").wait_for(state="detached")
    page.reload()
    page.locator(".empty", has_text=t("board.nothing_yet")).wait_for()
    assert page.locator("#first-steps").count() == 0
    empty_house.call("DELETE", "/api/providers/gemini/key")
    page.locator("#first-steps .next", has_text=t("steps.provider.title")).wait_for()


def test_a_key_from_the_configuration_is_not_changed_here(house: House, browser: Any) -> None:
    with visit(house, browser, "en") as one:
        one.login()
        one.open("settings?at=providers")
        google = one.page.locator("#provider-gemini")
        google.locator(".hint", has_text=one.t("key_source.config")).wait_for()
        assert google.get_by_role("button").all_inner_texts() == [one.t("providers.check")]
        google.get_by_role("button").click()
        google.locator(".notice.ok").wait_for()
        local = one.page.locator("#provider-local")
        local.get_by_text(one.t("providers.no_key_needed")).wait_for()


def test_a_key_is_forgotten_after_a_question(admin: Visit, empty_house: House) -> None:
    page, t = admin.page, admin.t
    empty_house.call("PUT", "/api/providers/gemini/key", {"api_key": KEY})
    admin.open("settings")
    google = page.locator("#provider-gemini")
    google.get_by_role("button", name=t("providers.forget")).click()
    page.get_by_role("dialog").get_by_role("button", name=t("providers.forget")).click()
    google.get_by_text(t("providers.own_address")).wait_for()
    assert empty_house.call("GET", "/api/settings")["providers"]["gemini"]["source"] is None


def test_the_list_is_whole_and_accessible(
    empty_house: House, browser: Any, request: pytest.FixtureRequest
) -> None:
    folder = request.config.getoption("--screenshots")
    every = list(product(LANGUAGES, (WIDE, NARROW), ("light", "dark")))
    for language, size, scheme in every if folder else LOOKS:
        with visit(empty_house, browser, language, size, scheme, bypass_csp=True) as one:
            one.login()
            one.open()
            one.page.locator("#first-steps").wait_for()
            assert not look_over(one, axe_source())
            if folder:
                save(one, Path(folder), "first_steps", size, scheme)


def enter_key(one: Visit, button: str, key: str) -> None:
    one.page.locator("#provider-gemini").get_by_role("button", name=one.t(button)).click()
    dialog = one.page.get_by_role("dialog")
    dialog.locator("#api-key").fill(key)
    dialog.get_by_role("button", name=one.t("providers.save_key")).click()
