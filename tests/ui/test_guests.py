"""What an event's guests see in a real browser: their page, the gallery, the slideshow."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.clock import rfc3339
from tests.support.ui_house import LANGUAGES, NARROW, WIDE, House, local_look, visit
from tests.ui.conftest import GUESTS_SLOT as SLOT
from tests.ui.looks import axe_source, look_over
from tests.ui.screenshots import save

pytestmark = pytest.mark.browser
# Two seconds are promised; a test machine may be busy.
SEEN_MAX_MS = 6000
# A daemon that is away lets whoever connects wait: this long for a picture, not for twenty seconds.
# The patience is the real clock's, not the page's.
AWAY_MS = 400
IMPATIENT = """(milliseconds) => {
  const patience = AbortSignal.timeout;
  window.patient = () => (AbortSignal.timeout = patience);
  AbortSignal.timeout = () => patience.call(AbortSignal, milliseconds);
}"""


def path_of(event: dict[str, Any]) -> str:
    return "/g/" + str(event["gallery"]["link"]).rpartition("/g/")[2]


def shoot(house: House) -> dict[str, Any]:
    status, answer = house.send(SLOT)
    assert status == 200
    found: dict[str, Any] = answer
    return found


def change(house: House, event: dict[str, Any], **config: Any) -> None:
    path = f"/api/events/{event['event_id']}"
    house.call("PUT", path, {"version": house.call("GET", path)["version"], **config})


def hide(house: House, job_id: str, hidden: bool) -> None:
    house.call("PUT", f"/api/jobs/{job_id}/visibility", {"hidden": hidden})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_what_comes_later_and_what_is_left_is_whole_too(
    house: House, browser: Any, event: dict[str, Any], language: str, size: Any, scheme: str
) -> None:
    """The page that waits, the ends, an empty gallery, and the report for the client."""
    house.put_slot(SLOT, provider="gemini", operation="edit", params={"prompt": "Нуар"})
    change(house, event, keep_originals="failed", rerun="auto")
    house.provider.fake.script.then("image_safety", times=4)
    status, lost = house.send(SLOT)
    house.provider.fake.script.clear()
    assert status == 502
    gallery, axe = path_of(event), axe_source()
    with visit(house, browser, language, size, scheme) as one:

        def shows(path: str, state: str) -> None:
            one.page.goto(house.url + path)
            one.page.locator(f"body.{state}").wait_for()
            assert look_over(one, axe) == []

        shows(f"/r/{lost['job_id']}", "awaited")
        shows(gallery, "gallery")
        assert one.page.locator("#empty").is_visible()
        change(house, event, keep_originals="never", rerun="manual")
        house.put_slot(SLOT, **local_look("warm"))
        first, second = shoot(house), shoot(house)
        house.call("DELETE", f"/api/jobs/{first['job_id']}/result")
        shows(f"/r/{first['job_id']}", "removed")
        past = "now() - interval '1 minute'"
        house.execute(
            f"UPDATE job_history SET result_expires_at = {past}"
            f" WHERE job_id = '{second['job_id']}'",
        )
        shows(f"/r/{second['job_id']}", "expired")
        shows(f"/r/{'0' * 8}-0000-4000-8000-{'0' * 12}", "not_found")
        one.login()
        one.page.goto(
            f"{house.url}/api/events/{event['event_id']}/report?format=html&locale={language}"
        )
        one.page.locator("h1", has_text="Анна и Борис").wait_for()
        assert look_over(one, axe) == []
        now = rfc3339(datetime.now(UTC))
        change(house, event, ends_at=now)
        shows(gallery, "gallery_over")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_guests_pages_are_whole_accessible_and_quiet(
    house: House, browser: Any, event: dict[str, Any], language: str, size: Any, scheme: str
) -> None:
    shot = [shoot(house) for _ in range(3)]
    path, axe = path_of(event), axe_source()
    link = "/r/" + shot[0]["page_link"].partition("/r/")[2]
    with visit(house, browser, language, size, scheme) as one:
        one.page.goto(house.url + link)
        one.page.locator("details.delete summary").click()
        assert look_over(one, axe) == []
        for tail in ("", "/show"):
            one.page.goto(house.url + path + tail)
            one.page.locator(".slide.seen, .tile").first.wait_for()
            assert look_over(one, axe) == []
        hide(house, shot[1]["job_id"], True)
        change(house, event, gallery={"pin": "2468"})
        one.page.goto(house.url + path)
        one.page.get_by_role("textbox").fill("1357")
        one.page.get_by_role("button").click()
        one.page.get_by_role("alert").wait_for()
        assert look_over(one, axe) == []
        one.page.goto(f"{house.url}/g/{'A' * 22}")
        assert look_over(one, axe) == []


def test_the_gallery_works_without_javascript(
    house: House, browser: Any, event: dict[str, Any]
) -> None:
    answer = shoot(house)
    change(house, event, gallery={"pin": "2468"})
    with visit(house, browser, "en", NARROW, java_script_enabled=False) as one:
        one.page.goto(house.url + path_of(event))
        one.page.get_by_label("PIN").fill("2468")
        one.page.get_by_role("button", name="Show photos").click()
        tile = one.page.locator(f"[data-job='{answer['job_id']}']")
        tile.wait_for()
        assert one.page.url == house.url + path_of(event)
        assert re.search(r"\d\d:\d\d UTC", tile.inner_text())
        assert not tile.get_by_role("button").is_visible()
        with one.page.expect_download() as download:
            tile.get_by_role("link", name="Download").click()
        assert download.value.suggested_filename == f"{answer['job_id']}.jpg"
        tile.locator("a").first.click()
        one.page.locator("h1", has_text="Your photo is ready").wait_for()


def test_pictures_come_and_go_in_an_open_gallery(
    house: House, browser: Any, event: dict[str, Any]
) -> None:
    first = shoot(house)["job_id"]
    with visit(house, browser, "ru", NARROW) as one:
        one.page.goto(house.url + path_of(event))
        tiles = one.page.locator(".tile")
        assert tiles.count() == 1
        # By the clock on the wall, in Moscow.
        assert "UTC" not in tiles.first.inner_text()
        second = shoot(house)["job_id"]
        new = one.page.locator(f"[data-job='{second}']")
        new.wait_for(timeout=SEEN_MAX_MS)
        assert tiles.first.get_attribute("data-job") == second
        assert "UTC" not in new.inner_text()
        alts = one.page.locator(".tile img").evaluate_all(
            "images => images.map(image => image.alt)"
        )
        assert all(re.fullmatch(r"Фото с мероприятия, \d?\d:\d\d", alt) for alt in alts), alts
        width = new.locator("img").evaluate(
            "image => image.decode().then(() => image.naturalWidth)"
        )
        assert width > 100
        hide(house, first, True)
        one.page.locator(f"[data-job='{first}']").wait_for(state="detached", timeout=SEEN_MAX_MS)
        hide(house, first, False)
        one.page.locator(f"[data-job='{first}']").wait_for(timeout=SEEN_MAX_MS)
        assert tiles.last.get_attribute("data-job") == first
        change(house, event, gallery={"enabled": False})
        one.page.locator(".gallery_not_found").wait_for()


def shown(one: Any) -> str:
    return str(one.page.evaluate("current"))


def sees(one: Any, job_id: str) -> None:
    one.page.wait_for_function("id => current === id", arg=job_id, timeout=SEEN_MAX_MS)


def test_the_slideshow_shows_new_pictures_at_once(
    house: House, browser: Any, event: dict[str, Any]
) -> None:
    with visit(house, browser, "ru", WIDE) as one:
        one.page.goto(house.url + path_of(event) + "/show")
        one.page.locator("#wait").wait_for()
        first = shoot(house)["job_id"]
        sees(one, first)
        one.page.locator(".slide.seen").wait_for()
        second = shoot(house)["job_id"]
        sees(one, second)
        hide(house, second, True)
        one.page.wait_for_function("id => current !== id", arg=second, timeout=SEEN_MAX_MS)
        sees(one, first)
        hide(house, second, False)
        sees(one, second)
        assert one.page.locator("img.slide").count() == 2
        assert one.page.locator(".corner img").is_visible()


def test_the_slideshow_goes_on_after_a_restart_and_without_a_network(
    house: House, browser: Any, event: dict[str, Any]
) -> None:
    shot = [shoot(house)["job_id"] for _ in range(3)]
    with visit(house, browser, "ru", WIDE) as one:
        # Turns that take seconds would take a minute to watch.
        one.page.route("**/show.js", hurried)
        one.page.goto(house.url + path_of(event) + "/show")
        one.page.wait_for_function("() => kept.size === 3")
        nodes = one.page.locator("main img").count()
        house.daemon.stop()
        seen = set()
        until = time.monotonic() + 10
        while len(seen) < 2 and time.monotonic() < until:
            seen.add(shown(one))
            one.page.wait_for_timeout(100)
        assert len(seen) >= 2, "it shows what it has"
        house.daemon.start()
        house.daemon.wait_until_ready()
        fourth = shoot(house)["job_id"]
        one.page.wait_for_function("id => known.has(id)", arg=fourth, timeout=40_000)
        one.page.wait_for_function("id => kept.has(id)", arg=fourth, timeout=20_000)
        assert {*shot, fourth} == set(one.page.evaluate("[...known.keys()]"))
        for _ in range(10):
            shoot(house)
        one.page.wait_for_function("() => known.size === 14", timeout=20_000)
        one.page.wait_for_function("() => fresh.size === 0", timeout=60_000)
        assert one.page.evaluate("kept.size") == 8
        assert one.page.locator("main img").count() == nodes
        one.complaints.clear()  # The browser's own words about a daemon that was away.


def test_the_slideshow_runs_for_half_an_hour(
    house: House, browser: Any, event: dict[str, Any]
) -> None:
    """Its minutes are the page's clock's; the daemon restarts in the middle of them."""
    for _ in range(10):
        shoot(house)
    with visit(house, browser, "ru", WIDE, alone=True) as one:
        one.page.clock.install()
        one.page.goto(house.url + path_of(event) + "/show")
        one.page.locator(".slide.seen").wait_for()
        protocol = one.context.new_cdp_session(one.page)
        protocol.send("Performance.enable")
        turns, held = 0, []
        for minute in range(30):
            if minute == 15:
                house.daemon.stop()
                one.page.evaluate(IMPATIENT, AWAY_MS)
            elif minute == 17:
                one.page.evaluate("patient()")
                house.daemon.start()
                house.daemon.wait_until_ready()
            elif minute % 3 == 0:
                shoot(house)
            before = turns
            for _ in range(6):
                was = shown(one)
                one.page.clock.run_for(10_000)
                one.page.wait_for_function("() => !isBusy")
                turns += shown(one) != was
            assert turns > before, f"it stood still in minute {minute}"
            if minute in (3, 29):
                held.append(memory(protocol))
        (heap, nodes), (heap_later, nodes_later) = held
        assert nodes_later <= nodes + 5
        assert heap_later <= 1.3 * heap
        assert turns > 100
        known = one.page.evaluate("known.size")
        listed = house.daemon.get(f"{path_of(event)}/pictures")[1]
        assert known == len(json.loads(listed)["items"])
        assert one.page.evaluate("kept.size") <= 8
        one.complaints.clear()  # The browser's own words about a daemon that was away.


def memory(protocol: Any) -> tuple[float, float]:
    """Return the page's heap in bytes, once the garbage is out, and its nodes."""
    protocol.send("HeapProfiler.collectGarbage")
    found = protocol.send("Performance.getMetrics")["metrics"]
    metrics = {metric["name"]: metric["value"] for metric in found}
    return metrics["JSHeapUsedSize"], metrics["Nodes"]


def hurried(route: Any) -> None:
    answer = route.fetch()
    text = answer.text().replace("OLD_MS = 7000", "OLD_MS = 300")
    route.fulfill(response=answer, body=text.replace("FRESH_MS = 2500", "FRESH_MS = 300"))


def test_screenshots_for_the_guides(
    house: House, browser: Any, event: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    folder = request.config.getoption("--screenshots")
    if folder is None:
        pytest.skip("--screenshots DIR was not given")
    answers = [shoot(house) for _ in range(6)]
    link = "/r/" + answers[0]["page_link"].partition("/r/")[2]
    for language in LANGUAGES:
        with visit(house, browser, language, NARROW) as one:
            for name, path in (("guest", link), ("gallery", path_of(event))):
                one.page.goto(house.url + path)
                one.page.wait_for_load_state("networkidle" if name == "guest" else "load")
                one.page.wait_for_function("() => [...document.images].every(i => i.complete)")
                save(one, Path(folder), name, NARROW, "light")
        with visit(house, browser, language, WIDE) as one:
            one.page.goto(house.url + path_of(event) + "/show")
            one.page.locator(".slide.seen").wait_for()
            save(one, Path(folder), "show", WIDE, "light")
