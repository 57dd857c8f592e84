"""Evenings in the UI: planned, followed while they run, moderated, and what they keep as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from photobooth_daemon.clock import rfc3339
from tests.support.ui_house import (
    NARROW,
    House,
    Visit,
    local_look,
    visit,
    wait_for,
)

pytestmark = pytest.mark.browser
SLOT = "slot-013"
NOIR = {"ru": "Нуар", "en": "Noir"}


@pytest.fixture(scope="module")
def page(house: House, browser: Any) -> Iterator[Visit]:
    """A page of the UI's own origin, nobody logged in."""
    with visit(house, browser, "en") as one:
        one.open()
        yield one


@pytest.fixture
def clean(house: House) -> Iterator[None]:
    """No event is there, and none is left to others, whatever the test has planned."""
    forget_all(house)
    yield
    forget_all(house)


def forget_all(house: House) -> None:
    for event in house.call("GET", "/api/events")["items"]:
        house.call(
            "DELETE", f"/api/events/{event['event_id']}", query={"version": event["version"]}
        )


@pytest.fixture
def plan(house: House, clean: None) -> Callable[..., Any]:
    """Plans an event that runs now, unless told otherwise; minutes from now."""

    def planned(begin: float = -60, end: float = 240, **config: Any) -> Any:
        now = datetime.now(UTC).replace(microsecond=0)
        starts, ends = (rfc3339(now + timedelta(minutes=minutes)) for minutes in (begin, end))
        body = {"name": "Анна и Борис", "starts_at": starts, "ends_at": ends, **config}
        return house.call("POST", "/api/events", {"slots": [SLOT], **body})

    return planned


@pytest.fixture
def slot(house: House) -> Iterator[str]:
    """A slot that works, for the event alone."""
    house.put_slot(SLOT, display_name="Шатёр", enabled=True, fallback=[], **local_look("bw"))
    yield SLOT
    version = house.call("GET", f"/api/slots/{SLOT}")["version"]
    house.call("DELETE", f"/api/slots/{SLOT}", query={"version": version})


def events(house: House) -> Any:
    return house.call("GET", "/api/events")["items"]


def shows_no_id(one: Visit) -> bool:
    text = one.page.locator("main").inner_text()
    return re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text) is None


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


def test_the_evening_is_followed_live_and_a_picture_hidden_shown_and_deleted(
    admin: Visit, house: House, slot: str, plan: Callable[..., Any]
) -> None:
    page, t = admin.page, admin.t
    event = plan(gallery={"enabled": True}, frozen=False)
    admin.open(f"events/{event['event_id']}")
    page.locator("#pictures .empty").wait_for()
    status, answer = house.send(slot)
    assert status == 200
    page.locator("#pictures img").wait_for()
    assert shows_no_id(admin)

    def pressed(key: str) -> None:
        page.locator("#pictures .picture-menu").click()
        page.locator("dialog .menu-picture img").wait_for()
        page.locator("dialog").get_by_role("button", name=t(key)).click()

    def hidden() -> bool:
        return bool(house.call("GET", f"/api/jobs/{answer['job_id']}")["hidden"])

    pressed("picture.hide")
    admin.toast("picture.hidden_done")
    assert hidden()
    page.locator("#pictures .hidden-mark").wait_for()
    pressed("picture.show")
    admin.toast("picture.shown_done")
    assert not hidden()
    pressed("picture.remove")
    asked = page.locator("dialog", has_text=t("picture.remove_title"))
    asked.get_by_role("button", name=t("act.cancel")).click()
    asked.wait_for(state="detached")
    assert page.locator("#pictures img").count() == 1
    page.locator("dialog").get_by_role("button", name=t("picture.remove")).click()
    asked.get_by_role("button", name=t("picture.remove")).click()
    admin.toast("picture.removed_done")
    page.locator("#pictures .empty").wait_for()
    assert page.locator("dialog").count() == 0
    assert house.daemon.get(answer["result_url"])[0] == 410


def test_what_another_removes_leaves_the_board_and_the_event_at_once(
    admin: Visit, house: House, slot: str, plan: Callable[..., Any]
) -> None:
    event = plan(frozen=False)
    admin.open()
    job_id = house.send(slot)[1]["job_id"]
    card = admin.page.locator(".card", has=admin.page.locator(f"a[href='#/slots/{slot}']"))
    card.locator("img").wait_for()
    assert admin.page.locator(".running-event", has_text="Анна и Борис").count() == 1
    card.locator(".picture-menu").click()
    admin.page.locator("dialog .menu-picture img").wait_for()
    house.call("DELETE", f"/api/jobs/{job_id}/result")
    card.locator("img").wait_for(state="detached")
    admin.page.locator("dialog").wait_for(state="detached")
    admin.open(f"events/{event['event_id']}")
    admin.page.locator("#pictures .empty").wait_for()


def test_a_change_during_an_event_asks_for_a_reason(
    admin: Visit, house: House, slot: str, plan: Callable[..., Any]
) -> None:
    page, t = admin.page, admin.t
    plan()
    admin.open(f"slots/{slot}")
    page.locator("#params-look").select_option(label=NOIR[admin.language])
    page.keyboard.press("Control+s")
    asked = page.locator("dialog", has_text=t("override.title"))
    asked.wait_for()
    assert "Анна и Борис" in asked.inner_text()
    assert "serg" in asked.inner_text()
    admin.button("override.leave").click()
    admin.toast("problem.event_running.title")
    assert house.call("GET", f"/api/slots/{slot}")["params"] == {"look": "bw"}
    page.keyboard.press("Control+s")
    admin.button("override.go_on").click()
    page.locator("#override-reason-fault").wait_for()
    page.locator("#override-reason").fill("невеста просит нуар")
    page.keyboard.press("Enter")
    admin.toast("slot.saved")
    assert house.call("GET", f"/api/slots/{slot}")["params"] == {"look": "noir"}
    (entry, *_) = house.call("GET", "/api/audit", query={"entity": f"slot:{slot}"})["items"]
    assert entry["after"]["override_reason"] == "невеста просит нуар"
    admin.open(f"audit?entity=slot:{slot}")
    page.locator(".override", has_text="невеста просит нуар").first.wait_for()


def test_the_reason_is_asked_above_a_dialog_that_keeps_what_was_typed(
    admin: Visit, house: House, plan: Callable[..., Any]
) -> None:
    page, t = admin.page, admin.t
    plan()
    admin.open("settings")
    admin.button("settings.rotate").click()
    page.locator("#ingest-password").fill("booth-door-2026")
    admin.button("rotation.save").click()
    page.locator("#override-reason").fill("пароль узнали чужие")
    admin.button("override.go_on").click()
    page.locator("dialog", has_text=t("rotation.done")).wait_for()
    assert page.locator(".secret code").inner_text() == "booth-door-2026"
    admin.button("rotation.noted").click()


def test_an_event_that_is_over_is_purged_and_forgotten(
    admin: Visit, house: House, slot: str, plan: Callable[..., Any]
) -> None:
    page, t = admin.page, admin.t
    event = plan(frozen=False)
    url = house.send(slot)[1]["result_url"]
    now = datetime.now(UTC).replace(microsecond=0)
    house.call(
        "PUT",
        f"/api/events/{event['event_id']}",
        {"version": 1, "ends_at": rfc3339(now)},
    )
    wait_for(lambda: events(house)[0]["state"] == "ended")
    admin.open(f"events/{event['event_id']}")
    page.locator("#after h2", has_text=t("event.after")).wait_for()
    report = page.locator("#after a", has_text=t("event.report")).get_attribute("href")
    assert report is not None
    assert report.startswith(f"/api/events/{event['event_id']}/report?format=html&cost=0")
    admin.button("event.purge").click()
    page.locator("dialog", has_text="Анна и Борис").get_by_role(
        "button", name=t("event.purge")
    ).click()
    page.locator(".toast").wait_for()
    page.locator(".toast-close").click()
    assert house.daemon.get(url)[0] == 410
    page.locator("#pictures .empty").wait_for()
    admin.button("event.delete").click()
    page.locator("dialog").get_by_role("button", name=t("event.delete")).click()
    admin.toast("event.deleted")
    page.locator(".empty-title", has_text=t("events.none")).wait_for()


def test_jobs_are_filtered_by_event_and_a_job_tells_its_event(
    admin: Visit, house: House, slot: str, plan: Callable[..., Any]
) -> None:
    page = admin.page
    event = plan(frozen=False)
    job_id = house.send(slot)[1]["job_id"]
    admin.open("jobs")
    page.locator("#filter-event").select_option(event["event_id"])
    wait_for(lambda: page.locator(".job-row").count() == 1)
    assert shows_no_id(admin)
    admin.open(f"jobs/{job_id}")
    page.locator("#facts a", has_text="Анна и Борис").click()
    page.locator("h1", has_text="Анна и Борис").wait_for()


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


def test_a_failed_photo_is_made_again_and_what_is_kept_is_proved(
    admin: Visit, house: House, slot: str, plan: Callable[..., Any]
) -> None:
    page, t = admin.page, admin.t
    event = plan(frozen=False, keep_originals="failed")
    house.put_slot(
        slot, provider="gemini", operation="edit", params={"prompt": "Нуар"}, template_media=[]
    )
    house.provider.fake.script.then("image_safety", times=4)
    status, answer = house.send(slot)
    house.provider.fake.script.clear()
    assert status == 502
    admin.open(f"events/{event['event_id']}")
    page.locator("#figures .reasons li", has_text=t("reason.refused.title")).wait_for()
    admin.button("event.reruns_all").wait_for()
    admin.open(f"jobs/{answer['job_id']}")
    admin.button("job.again").click()
    admin.toast("job.again_queued")
    page.locator("#facts a", has_text=t("job.see_rerun")).click()
    page.locator("#facts a", has_text=t("job.see_first")).wait_for()
    page.locator("#picture img").wait_for()
    admin.open(f"events/{event['event_id']}")
    page.locator("#reruns .total", has_text=t("rerun_state.done")).get_by_text("1").wait_for()
    admin.button("event.kept").click()
    page.locator("dialog .notice.ok", has_text=t("kept.clean")).wait_for()


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
