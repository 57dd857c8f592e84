"""Each screen, in both languages, at both widths: shown whole, accessible, quiet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.support.ui_house import NARROW, WIDE, House, Visit, visit
from tests.ui.looks import LOOKS, axe_source, look_over
from tests.ui.screens import SCREENS, UNSAVED, job_id
from tests.ui.screenshots import is_wanted, save

pytestmark = pytest.mark.browser


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1][0]}-{look[2]}")
def admin(request: pytest.FixtureRequest, house: House, browser: Any) -> Iterator[Visit]:
    """A session of serg's; the checker needs the page's own policy out of its way."""
    language, size, scheme = request.param
    with visit(house, browser, language, size, scheme, bypass_csp=True) as one:
        one.login()
        yield one


def test_every_screen_is_whole_accessible_and_quiet(
    admin: Visit, request: pytest.FixtureRequest
) -> None:
    source = axe_source()
    faults: dict[str, list[str]] = {}
    for name, show in SCREENS.items():
        show(admin)
        found = look_over(admin, source)
        if found:
            faults[name] = found
        admin.page.keyboard.press("Escape")
        if name in UNSAVED:
            admin.button("act.discard").click()
    assert not faults, faults


def test_the_login_is_accessible_in_both_languages(house: House, browser: Any) -> None:
    for language, size, scheme in LOOKS:
        with visit(house, browser, language, size, scheme, bypass_csp=True) as one:
            one.open()
            assert not look_over(one, axe_source())


def test_the_guest_page_works_without_javascript(house: House, browser: Any) -> None:
    done = job_id(house, status="done", source="ingest")
    for language, size, scheme in LOOKS:
        with visit(house, browser, language, size, scheme, java_script_enabled=False) as one:
            one.page.goto(f"{house.url}/r/{done}")
            picture = one.page.locator(".picture img")
            picture.wait_for()
            with one.page.expect_download() as download:
                one.page.locator(".button.primary").click()
            assert download.value.suggested_filename.endswith(".jpg")
            one.page.goto(f"{house.url}/r/00000000-0000-4000-8000-000000000000")
            one.page.locator(".not_found h1").wait_for()


def test_the_guest_page_is_accessible(house: House, browser: Any) -> None:
    done = job_id(house, status="done", source="ingest")
    for language, size, scheme in LOOKS:
        with visit(house, browser, language, size, scheme, bypass_csp=True) as one:
            for job in (done, "00000000-0000-4000-8000-000000000000"):
                one.page.goto(f"{house.url}/r/{job}")
                assert not look_over(one, axe_source())


def test_screenshots_for_the_guides(
    house: House, browser: Any, request: pytest.FixtureRequest
) -> None:
    folder = request.config.getoption("--screenshots")
    if folder is None:
        pytest.skip("--screenshots DIR was not given")
    take_screenshots(house, browser, Path(folder))


def take_screenshots(house: House, browser: Any, folder: Path) -> None:
    """Write each screen at both widths, light and dark, in both languages."""
    for language, size, scheme in product(("ru", "en"), (WIDE, NARROW), ("light", "dark")):
        wanted = [
            name for name in ("login", *SCREENS) if is_wanted(folder, name, language, size, scheme)
        ]
        if not wanted:
            continue
        with visit(house, browser, language, size, scheme) as one:
            one.open()
            save(one, folder, "login", size, scheme)
            one.login()
            one.page.reload()
            for name, show in SCREENS.items():
                if name not in wanted:
                    continue
                show(one)
                save(one, folder, name, size, scheme)
                one.page.keyboard.press("Escape")
                if name in UNSAVED:
                    one.button("act.discard").click()
