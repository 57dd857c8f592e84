"""Evenings in the UI: planned, changed by two people, and what a page knows of times and costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.ui_events import events, shows_no_id
from tests.support.ui_house import (
    NARROW,
    House,
    Visit,
    visit,
    wait_for,
)

pytestmark = pytest.mark.browser


def test_an_event_is_planned_by_keyboard_in_a_minute(
    admin: Visit, house: House, slot: str, clean: None
) -> None:
    page, t = admin.page, admin.t
    admin.open()
    page.keyboard.press("e")
    page.locator(".empty-title", has_text=t("events.none")).wait_for()
    page.locator(".empty a").click()
    page.locator("#event-name").wait_for()
    assert page.evaluate("document.activeElement.id") == "event-name"
    page.keyboard.type("Свадьба")
    page.locator(".segment", has_text=t("event.slots_some")).click()
    page.locator(".pick", has_text="Шатёр").click()
    admin.button("event.tonight").click()
    page.keyboard.press("Control+s")
    admin.toast("event.created")
    page.locator("h1", has_text="Свадьба").wait_for()
    (event,) = events(house)
    assert (event["name"], event["slots"]) == ("Свадьба", [slot])
    # The browser is in Moscow: 18:00 there is 15:00 UTC.
    assert re.search(r"T15:00:00Z$", event["starts_at"])
    assert re.search(r"T23:00:00Z$", event["ends_at"])
    assert event["frozen"]
    assert not event["gallery"]["enabled"]
    assert shows_no_id(admin)


def test_the_folded_parts_are_saved_and_the_pin_is_kept(
    admin: Visit, house: House, slot: str, plan: Callable[..., Any]
) -> None:
    page, t = admin.page, admin.t
    event = plan(60, 120)
    admin.open(f"events/{event['event_id']}?tab=setup")

    def unfold(name: str) -> None:
        page.locator(".fold summary", has_text=t(f"event.fold.{name}")).click()

    unfold("gallery")
    page.locator("label[for=gallery-enabled]").click()
    page.locator("#gallery-pin").fill("12")
    unfold("guest")
    page.locator("#guest-greeting").fill("Спасибо!")
    page.locator("#guest-accent").fill("#aa3355")
    page.locator("#guest-logo").select_option(label="Логотип, низ")
    page.locator(".logo-preview").wait_for()
    unfold("stamp")
    page.locator("label[for=stamp-on]").click()
    page.locator("#stamp-corner").select_option("top-left")
    unfold("originals")
    page.locator(".segment", has_text=t("choice.keep_originals.failed")).click()
    page.locator(".segment", has_text=t("choice.rerun.auto")).click()
    unfold("keep")
    page.locator("#silent_minutes").fill("15")
    admin.button("act.save").click()
    page.locator("#gallery-pin-fault", has_text=t("fault.pin")).wait_for()
    page.locator("#gallery-pin").fill("2468")
    admin.button("act.save").click()
    admin.toast("event.saved")
    (saved,) = events(house)
    assert saved["gallery"] | {"link": ""} == {
        "enabled": True,
        "pin_set": True,
        "archive": False,
        "link": "",
    }
    assert saved["guest"]["greeting"] == "Спасибо!"
    assert saved["guest"]["accent"] == "#aa3355"
    assert saved["guest"]["logo_media_id"]
    assert saved["stamp"] == {"corner": "top-left", "size_percent": 15, "text": None}
    assert (saved["keep_originals"], saved["rerun"]) == ("failed", "auto")
    assert saved["silent_minutes"] == 15
    page.locator("#event-name").fill("Юбилей")
    admin.button("act.save").click()
    admin.toast("event.saved")
    (again,) = events(house)
    assert (again["name"], again["gallery"]["pin_set"]) == ("Юбилей", True)


def test_a_slot_that_is_taken_is_told_by_the_other_events_name(
    admin: Visit, plan: Callable[..., Any]
) -> None:
    plan(60, 120)
    second = plan(600, 700, name="Корпоратив")
    now = datetime.now(UTC) + timedelta(hours=4)  # in Moscow
    admin.open(f"events/{second['event_id']}?tab=setup")
    admin.page.locator("#starts_at").fill(f"{now:%Y-%m-%dT%H:%M}")
    admin.button("act.save").click()
    notice = admin.page.locator(".notice.bad")
    notice.wait_for()
    assert admin.t("problem.slot_taken.title") in notice.inner_text()
    assert "Анна и Борис" in notice.inner_text()


def test_another_administrators_change_takes_nothing_that_is_unsaved(
    admin: Visit, house: House, plan: Callable[..., Any]
) -> None:
    page, t = admin.page, admin.t
    event = plan(60, 120)
    path = f"/api/events/{event['event_id']}"
    admin.open(f"events/{event['event_id']}?tab=setup")
    house.call("PUT", path, {"version": 1, "name": "Чужое"})
    wait_for(lambda: page.locator("#event-name").input_value() == "Чужое")
    page.locator("#event-name").fill("Моё")
    house.call("PUT", path, {"version": 2, "silent_minutes": 30})
    page.locator(".title .lead", has_text=t("slot.version", version="3", who="serg")).wait_for()
    assert page.locator("#event-name").input_value() == "Моё"
    admin.button("act.save").click()
    admin.button("event.conflict_mine").click()
    admin.toast("event.saved")
    saved = house.call("GET", path)
    assert (saved["name"], saved["silent_minutes"], saved["version"]) == ("Моё", 30, 4)


def test_an_events_page_leads_to_who_changed_what_in_it(
    admin: Visit, house: House, plan: Callable[..., Any]
) -> None:
    page, t = admin.page, admin.t
    other = plan(600, 700, name="Корпоратив")
    event = plan(60, 120)
    admin.open(f"events/{event['event_id']}")
    page.locator("#after a", has_text=t("event.changes")).click()
    page.locator(".audit-row", has_text=t("audit_action.event.create")).wait_for()
    assert page.locator(".audit-row").count() == 1
    assert shows_no_id(admin)
    admin.button("jobs.clear").click()
    page.locator(".audit-row", has_text=other["name"]).first.wait_for()


def test_unsaved_work_is_not_lost_by_leaving(
    admin: Visit, house: House, plan: Callable[..., Any]
) -> None:
    event = plan(60, 120)
    admin.open(f"events/{event['event_id']}?tab=setup")
    admin.page.locator("#event-name").fill("Другое")
    admin.page.locator("nav a[href='#/jobs']").click()
    admin.button("act.stay").click()
    assert admin.page.locator("#event-name").input_value() == "Другое"


def test_on_a_phone_nothing_is_wider_than_the_screen(
    house: House, browser: Any, slot: str, plan: Callable[..., Any]
) -> None:
    event = plan(gallery={"enabled": True}, frozen=False)
    house.send(slot)
    with visit(house, browser, "ru", NARROW) as one:
        one.login()
        for path in ("events", "events/new", f"events/{event['event_id']}"):
            one.open(path)
            widths = one.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert widths[0] <= widths[1], path


@pytest.fixture(scope="module")
def page(house: House, browser: Any) -> Iterator[Visit]:
    """A page of the UI's own origin, nobody logged in."""
    with visit(house, browser, "en") as one:
        one.open()
        yield one


def config(one: Visit, script: str) -> Any:
    """Evaluate an expression of the page's module about events, here in Moscow."""
    source = (
        f"async () => {{ const m = await import('/ui/core/event_config.js'); return {script}; }}"
    )
    return one.page.evaluate(source)


@pytest.mark.parametrize(
    ("now", "days", "begins", "ends"),
    [
        ("2026-11-28T12:00", 0, "2026-11-28T15:00:00Z", "2026-11-28T23:00:00Z"),
        ("2026-11-28T23:30", 0, "2026-11-28T15:00:00Z", "2026-11-28T23:00:00Z"),
        # At one at night the evening that is under way is meant.
        ("2026-11-29T01:00", 0, "2026-11-28T15:00:00Z", "2026-11-28T23:00:00Z"),
        ("2026-11-29T02:00", 0, "2026-11-29T15:00:00Z", "2026-11-29T23:00:00Z"),
        ("2026-12-31T12:00", 1, "2027-01-01T15:00:00Z", "2027-01-01T23:00:00Z"),
    ],
)
def test_tonight_is_the_evening_of_the_browsers_day(
    page: Visit, now: str, days: int, begins: str, ends: str
) -> None:
    found = config(page, f"m.evening(new Date('{now}'), {days})")
    assert found == {"starts_at": begins, "ends_at": ends}
    assert config(page, f"m.fromField(m.toField('{begins}'))") == begins


def test_cost_by_the_end_goes_on_like_now_and_is_told_neither_too_early_nor_afterwards(
    page: Visit,
) -> None:
    event = "{starts_at: '2026-11-28T10:00:00Z', ends_at: '2026-11-28T20:00:00Z'}"
    told = [
        config(page, f"m.costByTheEnd({event}, {cost}, Date.parse('2026-11-28T{at}:00Z'))")
        for cost, at in ((1, "15:00"), (1, "10:05"), (1, "20:00"), (0, "15:00"))
    ]
    assert told == [2, None, None, None]
