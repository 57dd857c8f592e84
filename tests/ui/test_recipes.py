"""The gallery of recipes: into the form with a click, filled by a test run, made of a slot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.ui_house import NARROW, WIDE, House, Visit, local_look, visit, wait_for
from tests.support.ui_pictures import party
from tests.ui.looks import axe_source, look_over

pytestmark = pytest.mark.browser
SLOT = "slot-013"
COMIC = {"ru": "Комикс", "en": "Comic book"}


@pytest.fixture(autouse=True)
def slot(house: House) -> Iterator[str]:
    """A slot that nobody has set up, before and after."""
    yield SLOT
    version = house.call("GET", f"/api/slots/{SLOT}")["version"]
    house.call("DELETE", f"/api/slots/{SLOT}", query={"version": version})
    for preset in house.call("GET", "/api/presets", query={"limit": 200})["items"]:
        path = f"/api/presets/{preset['preset_id']}"
        if not preset["builtin"]:
            house.call("DELETE", path)
        elif preset["provider"] != "local" and preset["after_url"]:
            house.call("DELETE", f"{path}/sample")


def card(one: Visit, name: str) -> Any:
    return one.page.locator(".recipe-card", has=one.page.get_by_text(name, exact=True))


def whole(picture: Any) -> bool:
    """Whether the browser has shown a picture of some width."""
    return bool(picture.evaluate("(img) => img.complete && img.naturalWidth > 100"))


def test_an_empty_slot_begins_with_recipes_and_one_click_takes_one(
    admin: Visit, house: House
) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{SLOT}?at=recipe")
    noir = card(admin, {"ru": "Нуар", "en": "Noir"}[admin.language])
    noir.scroll_into_view_if_needed()
    wait_for(lambda: noir.locator("img").count() == 2)
    for n in (0, 1):
        wait_for(lambda n=n: whole(noir.locator("img").nth(n)))
    # Nobody claims that a prompt has been tried.
    comic = card(admin, COMIC[admin.language])
    assert comic.get_by_text(t("recipes.unseen")).is_visible()
    noir.get_by_role("button").click()
    wait_for(lambda: page.locator("#params-look").count() == 1)
    assert page.locator("#provider").input_value() == "local"
    assert page.locator("#display_name").input_value() in ("Нуар", "Noir")
    page.locator("#enabled").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+s")
    page.locator(".save-bar").wait_for(state="detached")
    saved = house.call("GET", f"/api/slots/{SLOT}")
    assert (saved["operation"], saved["params"], saved["enabled"]) == (
        "look",
        {"look": "noir"},
        True,
    )


def test_a_recipe_is_taken_back_as_easily(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    house.put_slot(SLOT, display_name="Арка", **local_look("bw"))
    admin.open(f"slots/{SLOT}")
    admin.button("recipes.open").click()
    card(admin, {"ru": "Киноплёнка", "en": "Strip of film"}[admin.language]).get_by_role(
        "button"
    ).click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.locator("#params-border").count() == 1
    assert page.locator("#display_name").input_value() == "Арка"
    page.locator(".toast", has_text=t("act.undo")).get_by_role(
        "button", name=t("act.undo"), exact=True
    ).click()
    page.locator(".save-bar").wait_for(state="detached")
    assert page.locator("#operation").input_value() == "look"


def test_words_are_anybodys_and_in_the_readers_language(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    presets = house.call("GET", "/api/presets", query={"limit": 200})["items"]
    prompts = next(one["prompts"] for one in presets if one["preset_id"] == "edit-comic")
    other = "en" if admin.language == "ru" else "ru"
    fallback = [local_look("bw")]
    house.put_slot(
        SLOT,
        provider="openai",
        operation="edit",
        params={"prompt": "x", "quality": "low"},
        fallback=fallback,
    )
    admin.open(f"slots/{SLOT}")
    # The form's own provider makes it, and keeps what else was set.
    admin.button("recipes.open").click()
    assert page.locator("#recipe-maker").input_value() == "openai"
    card(admin, COMIC[admin.language]).get_by_role("button").click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.locator("#params-prompt").input_value() == prompts[admin.language]
    assert page.locator("#params-quality").input_value() == "1"
    # Another one, in the other language.
    admin.button("recipes.open").click()
    page.locator("#recipe-maker").select_option("turbotext")
    page.locator("dialog .segment", has_text=t(f"choice.locale.{other}")).click()
    card(admin, COMIC[admin.language]).get_by_role("button").click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.locator("#provider").input_value() == "turbotext"
    assert page.locator("#operation").input_value() == "generate_image2image"
    assert page.locator("#params-prompt").input_value() == prompts[other]
    # Nobody has said that a workflow of one's own understands Russian.
    admin.button("recipes.open").click()
    page.locator("#recipe-maker").select_option("comfyui")
    assert page.locator("dialog .segment").count() == 0
    card(admin, COMIC[admin.language]).get_by_role("button").click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.locator("#params-prompt").input_value() == prompts["en"]
    admin.button("act.discard").click()


def test_a_test_run_fills_the_sample_until_it_is_taken_away(
    admin: Visit, house: House, tmp_path: Path
) -> None:
    page, t = admin.page, admin.t
    admin.open(f"slots/{SLOT}")
    card(admin, COMIC[admin.language]).get_by_role("button").click()
    photo = tmp_path / "IMG_0003.JPG"
    photo.write_bytes(party())
    page.locator("#try input[type=file]").set_input_files(photo)
    admin.button("try.start").click()
    page.locator("#try .notice.ok").wait_for()
    admin.button("recipes.open").click()
    comic = card(admin, COMIC[admin.language])
    comic.scroll_into_view_if_needed()
    wait_for(lambda: comic.locator("img").count() == 2 and whole(comic.locator("img.after")))
    comic.get_by_role("button", name=t("recipes.forget", name=COMIC[admin.language])).click()
    admin.button("recipes.forget_now").click()
    comic.get_by_text(t("recipes.unseen")).wait_for()


def test_a_recipe_is_made_of_a_slot_and_deleted(admin: Visit, house: House) -> None:
    page, t = admin.page, admin.t
    house.put_slot(SLOT, display_name="Арка", enabled=True, **local_look("duotone"))
    assert house.send(SLOT)[0] == 200
    admin.open(f"slots/{SLOT}")
    page.get_by_role("button", name=t("recipes.keep")).click()
    dialog = page.get_by_role("dialog")
    assert dialog.locator("#recipe-ru").input_value() == "Арка"
    dialog.locator("#recipe-ru").fill("Наша арка")
    dialog.locator("#recipe-en").fill("Our arch")
    dialog.get_by_role("button", name=t("recipes.keep_now"), exact=True).click()
    admin.toast("recipes.kept")
    admin.button("recipes.open").click()
    name = {"ru": "Наша арка", "en": "Our arch"}[admin.language]
    own = card(admin, name)
    wait_for(lambda: whole(own.locator("img")))
    own.get_by_role("button", name=t("recipes.delete", name=name)).click()
    admin.button("recipes.delete_now").click()
    own.wait_for(state="detached")


@pytest.mark.parametrize(
    ("language", "size", "scheme"), [("ru", WIDE, "light"), ("en", NARROW, "dark")]
)
def test_the_gallery_is_whole_and_accessible(
    house: House, browser: Any, language: str, size: tuple[int, int], scheme: str
) -> None:
    with visit(house, browser, language, size, scheme, bypass_csp=True) as one:
        one.login()
        one.open(f"slots/{SLOT}")
        one.page.locator(".recipe-card img").first.wait_for()
        assert not look_over(one, axe_source())
        one.open("slots/slot-004")
        one.button("recipes.open").click()
        one.page.locator("dialog .recipe-card img").first.wait_for()
        assert not look_over(one, axe_source())
