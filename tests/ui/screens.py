"""Each screen of the UI by its name, and how it is reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from photobooth_daemon.clock import rfc3339
from tests.support.ui_house import House, Visit


def job_id(house: House, **query: str) -> str:
    return str(house.call("GET", "/api/jobs", query=query)["items"][0]["job_id"])


def board(one: Visit) -> None:
    one.open()
    one.page.locator(".card-picture img").first.wait_for()


def search(one: Visit) -> None:
    board(one)
    one.page.keyboard.press("/")
    one.page.locator("dialog .found li").first.wait_for()


def slot(one: Visit) -> None:
    one.open("slots/slot-004")
    one.page.locator("#results img").first.wait_for()


def slot_with_faults(one: Visit) -> None:
    one.open("slots/slot-005")
    one.page.locator("#answer summary").click()
    one.page.locator("#output-quality").fill("0")
    one.page.keyboard.press("Control+s")
    one.page.locator("#output-quality-fault").wait_for()


def camera(one: Visit) -> None:
    one.open("slots/slot-004?tab=camera")
    one.page.locator("#others summary").click()
    one.page.locator("#curl").wait_for()
    one.page.evaluate("scrollTo(0, 0)")


def intake_off(one: Visit) -> None:
    one.house.stop_intake()
    one.open("slots/slot-001?tab=intake")
    one.page.locator("#intake-off").wait_for()


def intake(one: Visit) -> None:
    one.house.start_intake()
    one.open("slots/slot-002?tab=history")  # a tab that is open already is not loaded again
    one.open("slots/slot-001?tab=intake")
    one.page.locator(".fate").first.wait_for()


def camera_by_ftp(one: Visit) -> None:
    """The picture of where it is typed, with an address as a booth's network has it."""

    def on_a_network(route: Any) -> None:
        found = route.fetch().json()
        route.fulfill(json={**found, "ftp": {**found["ftp"], "address": "192.0.2.7", "port": 2121}})

    one.house.start_intake()
    one.page.route("**/api/intake", on_a_network)
    one.open("slots/slot-002?tab=history")
    one.open("slots/slot-001?tab=intake")
    one.page.locator(".camera-display", has_text="192.0.2.7").wait_for()
    one.page.locator(".camera-screen").evaluate("(part) => part.scrollIntoView()")
    one.page.unroute("**/api/intake")


def history(one: Visit) -> None:
    one.open("slots/slot-003?tab=history")
    one.page.locator(".revision .diff").first.wait_for()


def jobs(one: Visit) -> None:
    one.open("jobs")
    one.page.locator(".job-row").first.wait_for()


def job(one: Visit) -> None:
    one.open(f"jobs/{job_id(one.house, status='done')}")
    one.page.locator(".big-picture img").wait_for()


def failed_job(one: Visit) -> None:
    one.open(f"jobs/{job_id(one.house, status='failed')}")
    one.page.locator("#attempts").wait_for()


def an_event(one: Visit) -> str:
    """An evening that runs, on slots of its own, and two others; none of them is frozen."""
    found = one.house.call("GET", "/api/events")["items"]
    if not found:
        now = datetime.now(UTC).replace(microsecond=0)
        for name, begin, end, config in (
            ("Корпоратив «Север»", 1440, 1920, {}),
            ("Выпускной 11 «Б»", -2900, -2400, {}),
            ("Анна и Борис", -120, 360, {"gallery": {"enabled": True, "pin": "2468"}}),
        ):
            times = (rfc3339(now + timedelta(minutes=minutes)) for minutes in (begin, end))
            one.house.call(
                "POST",
                "/api/events",
                {
                    "name": name,
                    **dict(zip(("starts_at", "ends_at"), times, strict=True)),
                    "slots": ["slot-001", "slot-003", "slot-006", "slot-007"],
                    "frozen": False,
                    **config,
                },
            )
        for number in (1, 3, 6, 1, 3, 6):
            assert one.house.send(f"slot-00{number}")[0] == 200
        one.house.provider.fake.script.then("image_safety", times=4)
        assert one.house.send("slot-007")[0] == 502
        one.house.provider.fake.script.clear()
        found = one.house.call("GET", "/api/events")["items"]
    return str(next(event["event_id"] for event in found if event["name"] == "Анна и Борис"))


def events(one: Visit) -> None:
    an_event(one)
    one.open("events")
    one.page.locator(".event-row").first.wait_for()


def event(one: Visit) -> None:
    one.open(f"events/{an_event(one)}")
    one.page.locator("#pictures img").first.wait_for()


def picture_menu(one: Visit) -> None:
    event(one)
    one.page.locator("#pictures .picture-menu").first.click()
    one.page.locator("dialog .menu-picture img").wait_for()


def event_new(one: Visit) -> None:
    one.open("events/new")
    one.page.locator("#event-name").wait_for()
    one.page.locator(".segment", has_text=one.t("event.slots_some")).click()


def event_setup(one: Visit) -> None:
    one.open(f"events/{an_event(one)}?tab=setup")
    for fold in one.page.locator(".fold > summary").all():
        fold.click()
    one.page.locator("#silent_minutes").wait_for()


def templates(one: Visit) -> None:
    one.open("templates")
    one.page.locator(".template img").first.wait_for()


def stats(one: Visit) -> None:
    one.open("stats?window=1h")
    one.page.locator(".plot svg").first.wait_for()
    one.page.locator("summary").first.click()


def settings(one: Visit) -> None:
    one.open("settings")
    one.page.locator("#slot_queue").wait_for()


def rotation(one: Visit) -> None:
    settings(one)
    one.button("settings.rotate").click()
    one.page.locator("dialog #ingest-password").wait_for()


def audit(one: Visit) -> None:
    one.open("audit")
    one.page.locator(".audit-row").first.wait_for()
    one.page.locator("summary").first.click()


def health(one: Visit) -> None:
    one.open("health")
    one.page.locator("#readiness").wait_for()


def account(one: Visit) -> None:
    one.open("account")
    one.page.locator("#new_password").wait_for()


def accounts(one: Visit) -> None:
    one.open("accounts")
    one.page.locator(".account-row").first.wait_for()


def account_new(one: Visit) -> None:
    accounts(one)
    one.button("accounts.add").click()
    one.page.locator("dialog .segment", has_text=one.t("accounts.roles.custom")).click()
    one.page.locator("dialog .permissions").wait_for()


def board_new(one: Visit) -> None:
    settings(one)
    one.button("boards.add").click()
    one.page.locator("dialog .segment", has_text=one.t("event.slots_some")).click()
    one.page.locator("dialog .slot-picks").wait_for()


def provider_check(one: Visit) -> None:
    one.open("settings?at=providers")
    google = one.page.locator("#provider-gemini")
    google.get_by_role("button", name=one.t("providers.check")).click()
    google.locator(".notice.ok").wait_for()


def guest_fields(one: Visit) -> None:
    one.open("slots/slot-004")
    one.button("guest_fields.add").click()
    one.page.locator("#guest-0-field").fill("hat")


def copy_slot(one: Visit) -> None:
    one.open("slots/slot-006")
    one.button("slot.copy").click()
    one.page.locator("#copy-to").wait_for()


def nothing_there(one: Visit) -> None:
    one.open("jobs?slot=slot-011&status=timeout")
    one.page.locator(".empty").wait_for()


SCREENS: dict[str, Callable[[Visit], None]] = {
    screen.__name__: screen
    for screen in (
        board,
        search,
        slot,
        slot_with_faults,
        camera,
        intake_off,
        intake,
        camera_by_ftp,
        history,
        jobs,
        job,
        failed_job,
        events,
        event,
        picture_menu,
        event_new,
        event_setup,
        templates,
        stats,
        settings,
        rotation,
        audit,
        health,
        account,
        accounts,
        account_new,
        board_new,
        provider_check,
        guest_fields,
        copy_slot,
        nothing_there,
    )
}
UNSAVED = ("slot_with_faults", "guest_fields")
