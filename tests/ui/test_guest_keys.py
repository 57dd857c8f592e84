"""What a guest's key opens in a real browser, and what another does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.ui_house import LANGUAGES, NARROW, WIDE, House, visit
from tests.ui.looks import axe_source, look_over
from tests.ui.test_guests import shoot

pytestmark = pytest.mark.browser
WRONG = "A" * 22


def test_a_guest_deletes_his_picture_by_hand(
    house: House, browser: Any, event: dict[str, Any]
) -> None:
    answer = shoot(house)
    with visit(house, browser, "en", NARROW) as one:
        one.page.goto(house.url + "/r/" + answer["page_link"].partition("/r/")[2])
        one.page.get_by_text("Delete this photo").click()
        one.page.get_by_role("button", name="Delete photo").click()
        assert one.page.locator("h1", has_text="Your photo is ready").is_visible(), "unconfirmed"
        one.page.get_by_label("Yes, delete it for good").check()
        one.page.get_by_role("button", name="Delete photo").click()
        one.page.get_by_text("This photo has been removed").wait_for()
        assert one.page.url == f"{house.url}/r/{answer['job_id']}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_another_key_deletes_nothing_and_is_told_so(
    house: House, browser: Any, event: dict[str, Any], language: str, size: Any, scheme: str
) -> None:
    answer, axe = shoot(house), axe_source()
    page_path, _, key = ("/r/" + answer["page_link"].partition("/r/")[2]).partition("?k=")
    with visit(house, browser, language, size, scheme) as one:
        one.page.goto(f"{house.url}{page_path}?k={WRONG}")
        one.page.locator("body.ready").wait_for()
        assert one.page.locator("details.delete").count() == 0
        assert look_over(one, axe) == []
        # A link that was cut short in a message, sent from a page that was opened before.
        one.page.goto(f"{house.url}{page_path}?k={key}")
        one.page.locator("input[name=k]").evaluate("(field, k) => { field.value = k; }", WRONG)
        one.page.locator("details.delete summary").click()
        one.page.locator("details.delete input[type=checkbox]").check()
        one.page.locator("details.delete button").click()
        one.page.locator("body.wrong_key").wait_for()
        assert look_over(one, axe) == []
        assert house.daemon.get(answer["result_url"])[0] == 200
        one.page.goto(f"{house.url}{page_path}?k={key}")
        assert one.page.locator("details.delete").count() == 1
