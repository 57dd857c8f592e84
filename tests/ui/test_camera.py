"""The camera's tab: one address that answers with the picture, on the address others can reach."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.ui_house import NARROW, WIDE, House, Visit, visit, wait_for
from tests.ui.looks import axe_source, look_over

pytestmark = pytest.mark.browser
SLOT = "slot-004"
LAN = [
    {"url": "http://booth.local:8080", "is_name": True, "is_open": True},
    {"url": "http://192.0.2.7:8080", "is_name": False, "is_open": True},
    {"url": "http://198.51.100.7:8080", "is_name": False, "is_open": False},
]


def on_a_network(one: Visit, addresses: list[dict[str, Any]]) -> None:
    """Answer as a machine does that has these addresses: the tests' own listens to itself only."""
    one.page.route("**/api/addresses", lambda route: route.fulfill(json={"items": addresses}))


def address(one: Visit) -> str:
    return str(one.page.locator("#dslr .address").input_value())


def test_one_address_is_offered_by_number_and_by_name(admin: Visit) -> None:
    page, t = admin.page, admin.t
    on_a_network(admin, LAN)
    admin.open(f"slots/{SLOT}?tab=camera")
    page.locator(".segment", has_text="192.0.2.7").wait_for()
    assert address(admin) == f"http://192.0.2.7:8080/api/ingest/{SLOT}?response=image"
    assert page.locator(".segment", has_text="198.51.100.7").count() == 0
    page.locator(".segment", has_text="booth.local").click()
    wait_for(lambda: address(admin).startswith("http://booth.local:8080/"))
    code = page.get_by_alt_text(t("camera.qr"))
    wait_for(lambda: code.evaluate("(img) => img.complete && img.naturalWidth > 100"))
    assert "booth.local" in code.get_attribute("src")
    page.get_by_role("link", name=t("camera.base_settle")).click()
    page.locator("#address").wait_for()


def test_what_listens_to_this_machine_only_is_said_to(admin: Visit) -> None:
    page, t = admin.page, admin.t
    on_a_network(admin, [{**one, "is_open": False} for one in LAN])
    admin.open(f"slots/{SLOT}?tab=camera")
    page.locator(".notice", has_text=t("camera.closed")).wait_for()
    assert address(admin).startswith(admin.house.url)
    # No command stands in the way of who has no shell.
    assert "--lan" not in page.locator("main").inner_text()
    page.get_by_text(t("camera.how")).click()
    assert "--lan" in page.locator("main").inner_text()


def test_a_public_address_is_the_only_one(admin: Visit, house: House) -> None:
    page = admin.page

    def settle(url: str | None) -> None:
        version = house.call("GET", "/api/settings")["version"]
        house.call("PUT", "/api/settings", {"version": version, "public_url": url})

    settle("https://booth.example.org")
    try:
        admin.open(f"slots/{SLOT}?tab=camera")
        page.locator("#dslr").wait_for()
        assert address(admin) == f"https://booth.example.org/api/ingest/{SLOT}?response=image"
        assert page.locator("#dslr .segment").count() == 0
    finally:
        settle(None)


def test_other_programs_are_folded(admin: Visit) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{SLOT}?tab=camera")
    page.locator("#others summary").wait_for()
    assert not page.locator("#curl").is_visible()
    assert "curl" not in page.locator("main").inner_text()
    page.locator("#others summary").click()
    page.locator("#curl").wait_for()
    assert page.locator("#others", has_text="?response=json").count() == 1
    assert page.get_by_text(t("camera.json"), exact=True).is_visible()


@pytest.mark.parametrize(
    ("language", "size", "scheme"), [("ru", NARROW, "light"), ("en", WIDE, "dark")]
)
def test_the_tab_is_whole_and_accessible(
    house: House, browser: Any, language: str, size: tuple[int, int], scheme: str
) -> None:
    with visit(house, browser, language, size, scheme, bypass_csp=True) as one:
        one.login()
        on_a_network(one, LAN)
        one.open(f"slots/{SLOT}?tab=camera")
        one.page.locator(".segment").first.wait_for()
        one.page.locator("#others summary").click()
        assert not look_over(one, axe_source())
