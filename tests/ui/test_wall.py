"""The board as a wall of pictures: live slots large, the others small, trouble in red."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.ui_house import LANGUAGES, NARROW, WIDE, House, Visit, visit
from tests.support.ui_pictures import party
from tests.ui.looks import axe_source, look_over

pytestmark = pytest.mark.browser
MOST_SCRIPT_BYTES = 60_000
SLOT = "slot-010"
LOOK = {"provider": "local", "operation": "look", "params": {}, "enabled": True}


@pytest.fixture(params=LANGUAGES)
def admin(request: pytest.FixtureRequest, house: House, browser: Any) -> Iterator[Visit]:
    size = WIDE if request.param == "en" else NARROW
    with visit(house, browser, request.param, size, bypass_csp=True) as one:
        one.login()
        yield one


@pytest.fixture
def lent(house: House) -> Iterator[str]:
    """A slot that is on, and off again afterwards."""
    house.put_slot(SLOT, display_name="Стена", **LOOK)
    yield SLOT
    house.put_slot(SLOT, enabled=False)


def card_of(one: Visit, slot_id: str) -> Any:
    return one.page.locator(".card", has=one.page.locator(f"a[href='#/slots/{slot_id}']"))


def test_live_slots_show_their_newest_pictures_and_the_others_are_small(
    admin: Visit, house: House, lent: str
) -> None:
    page = admin.page
    sent = [house.send(lent)[1]["job_id"] for _ in range(3)]
    admin.open()
    card = card_of(admin, lent)
    card.locator(f".card-picture img[src*='{sent[-1]}']").wait_for()
    for older in sent[:2]:
        card.locator(f".card-older img[src*='{older}']").wait_for()
    # One that comes while the page is open moves the others down.
    newest = house.send(lent)[1]["job_id"]
    card.locator(f".card-picture img[src*='{newest}']").wait_for()
    card.locator(f".card-older img[src*='{sent[-1]}']").wait_for()
    small = card_of(admin, "slot-014")
    assert "small" in str(small.get_attribute("class"))
    assert small.bounding_box()["height"] < card.bounding_box()["height"] / 3
    assert not look_over(admin, axe_source())
    card.locator(f".card-older a[href*='{sent[0]}']").click()
    page.locator(".big-picture img").wait_for()


def test_what_needs_a_hand_has_its_next_step(admin: Visit, house: House, lent: str) -> None:
    status, problem = house.send(lent, party()[:9000])
    assert (status, problem["code"]) == (422, "invalid_image")
    admin.open()
    trouble = card_of(admin, lent).locator(".card-trouble")
    trouble.get_by_text(admin.t("reason.invalid_image.title")).wait_for()
    assert not look_over(admin, axe_source())
    (step,) = trouble.get_by_role("link").all()
    step.click()
    admin.page.locator("main h1").wait_for()
    assert f"#/jobs/{problem['job_id']}" in admin.page.url


def test_a_screen_says_what_to_do_too(admin: Visit, house: House, lent: str) -> None:
    picture = house.send(lent)[1]
    house.send(lent, party()[:9000])
    board = house.call("POST", "/api/boards", {"label": "Зал", "slots": [lent]})
    try:
        admin.page.goto(f"{house.url}/board/{board['link'].rpartition('/')[2]}")
        trouble = admin.page.locator(".slot.trouble")
        trouble.locator(".step").wait_for()
        trouble.locator(f"img[src*='{picture['job_id']}']").wait_for()
        admin.page.evaluate(axe_source())
        found = admin.page.evaluate("axe.run().then(({ violations }) => violations)")
        assert [one["id"] for one in found] == []
    finally:
        house.call("DELETE", f"/api/boards/{board['board_id']}")


def test_the_board_needs_little_script(house: House, browser: Any) -> None:
    with visit(house, browser, "ru", alone=True) as one:
        one.login()
        bytes_of: dict[str, int] = {}

        def count(request: Any) -> None:
            if request.resource_type == "script":
                bytes_of[request.url] = request.sizes()["responseBodySize"]

        one.page.on("requestfinished", count)
        one.open()
        one.page.locator(".card").first.wait_for()
        assert len(bytes_of) > 10
        assert sum(bytes_of.values()) < MOST_SCRIPT_BYTES, bytes_of


def test_a_board_link_has_a_code(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    admin.open("settings?at=boards")
    admin.button("boards.add").click()
    page.locator("#board-label").fill("Зал")
    admin.button("boards.create").click()
    code = page.get_by_role("img", name=t("boards.qr"))
    code.wait_for()
    assert code.evaluate("(image) => image.complete && image.naturalWidth > 0")
    admin.button("rotation.noted").click()
    for board in house.call("GET", "/api/boards")["items"]:
        if board["label"] == "Зал":
            house.call("DELETE", f"/api/boards/{board['board_id']}")
