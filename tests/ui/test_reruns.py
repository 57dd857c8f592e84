"""Photos that are made again, as the UI tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.ui_house import LANGUAGES, WIDE, House, visit
from tests.ui.conftest import GUESTS_SLOT
from tests.ui.looks import axe_source, look_over

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_that_let_a_camera_go_first_says_so(
    house: House, browser: Any, event: dict[str, Any], language: str
) -> None:
    house.put_slot(GUESTS_SLOT, provider="gemini", operation="edit", params={"prompt": "Нуар"})
    house.provider.fake.script.then("image_safety", times=4)
    status, lost = house.send(GUESTS_SLOT)
    house.provider.fake.script.clear()
    assert status == 502
    house.execute(
        "UPDATE job_history SET source = 'rerun', failure_code = 'gave_way', provider_code = NULL,"
        ' attempts = jsonb_build_array((attempts->0) || \'{"reason": "cancelled"}\'::jsonb)'
        f" WHERE job_id = '{lost['job_id']}'"
    )
    with visit(house, browser, language, WIDE) as one:
        one.login()
        one.open(f"jobs/{lost['job_id']}")
        words = one.t("reason.gave_way.title")
        one.page.locator(".notice", has_text=words).wait_for()
        one.page.locator("#attempts", has_text=words).wait_for()
        assert one.t("reason.cancelled.title") not in one.page.locator("main").inner_text()
        assert look_over(one, axe_source()) == []
