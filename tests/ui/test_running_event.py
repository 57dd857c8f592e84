"""Evenings in the UI: followed while they run, moderated, and what they keep as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from photobooth_daemon.clock import rfc3339
from tests.support.ui_events import events, shows_no_id
from tests.support.ui_house import (
    House,
    Visit,
    wait_for,
)

pytestmark = pytest.mark.browser

NOIR = {"ru": "Нуар", "en": "Noir"}


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
