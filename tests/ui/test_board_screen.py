"""A board on a screen for a whole evening: it stays awake, alive and small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.ui_house import House, Visit, local_look, visit
from tests.ui.test_guests import memory

pytestmark = pytest.mark.browser
SLOT = "slot-013"
HOURS = 10
STEP_MINUTES = 10
# What the page does is counted by itself; a lock is let go of with the page out of sight, as
# browsers do; and its patience with an answer is the real clock's, or no answer were in time.
COUNTED = """
window.seen = { looks: 0, pending: 0, told: 0, streams: [], locks: [] };
const fetched = window.fetch;
window.fetch = async (...asked) => {
  seen.looks += 1;
  seen.pending += 1;
  try { return await fetched(...asked); } finally { seen.pending -= 1; }
};
window.EventSource = class extends EventSource {
  constructor(address) {
    super(address);
    seen.streams.push(this);
    this.addEventListener("changed", () => (seen.told += 1));
  }
};
const patience = AbortSignal.timeout.bind(AbortSignal);
window.hurried = false;
window.keepPatience = () => {
  AbortSignal.timeout = (milliseconds) => patience(hurried ? milliseconds / 50 : milliseconds);
};
let visibility = "visible";
Object.defineProperty(document, "visibilityState", { get: () => visibility });
window.turn = (next) => {
  visibility = next;
  if (next === "hidden") seen.locks.forEach((lock) => (lock.released = true));
  document.dispatchEvent(new Event("visibilitychange"));
};
Object.defineProperty(navigator, "wakeLock", {
  value: {
    async request(kind) {
      const lock = { kind, released: false };
      seen.locks.push(lock);
      return lock;
    },
  },
});
"""


@pytest.fixture
def screen(house: House, browser: Any) -> Iterator[Visit]:
    """A screen that shows one slot's board, on a clock that the test turns."""
    house.put_slot(SLOT, display_name="Экран", enabled=True, **local_look("warm"))
    board = house.call("POST", "/api/boards", {"label": "Зал", "slots": [SLOT]})
    token = board["link"].rpartition("/")[2]
    with visit(house, browser, "ru", alone=True) as one:
        one.page.add_init_script(COUNTED)
        one.page.clock.install()
        one.page.goto(f"{house.url}/board/{token}")
        one.page.evaluate("keepPatience()")
        yield one
    house.call("DELETE", f"/api/boards/{board['board_id']}")
    house.put_slot(SLOT, enabled=False)


def test_a_board_lives_for_ten_hours(screen: Visit, house: House) -> None:
    """Hours are the page's clock's; what goes wrong in them is real."""
    page = screen.page
    lost = page.locator("#connection", has_text="Нет связи")
    protocol = screen.context.new_cdp_session(page)
    protocol.send("Performance.enable")
    held = []
    told_of_a_photo(screen, house)
    for step in range(HOURS * 60 // STEP_MINUTES):
        if step == 10:
            # The port is held as systemd holds it: who connects hears nothing.
            house.daemon.stop()
            page.evaluate("hurried = true")
        elif step == 11:
            # It is back, and for a while refuses to be followed: too many do.
            page.evaluate("hurried = false")
            page.route("**/board/live", lambda route: route.fulfill(status=429))
            house.daemon.start()
            house.daemon.wait_until_ready()
        elif step == 12:
            page.unroute("**/board/live")
        elif step == 20:
            screen.context.set_offline(True)
        elif step == 21:
            screen.context.set_offline(False)
        elif step % 6 == 0:
            page.evaluate("turn('hidden')")
        looks = page.evaluate("kept = document.querySelector('img.newest'), seen.looks")
        page.clock.run_for(STEP_MINUTES * 60_000)
        page.wait_for_function("() => seen.pending === 0")
        assert page.evaluate("seen.looks") >= looks + 2 * STEP_MINUTES, f"it stood still in {step}"
        assert page.evaluate("kept.isConnected"), f"the picture flickered in {step}"
        lost.wait_for(state="visible" if step in (10, 20) else "hidden")
        page.evaluate("turn('visible')")
        assert page.evaluate("seen.locks.filter((lock) => !lock.released).length") == 1, step
        if step in (12, 21, 59):
            told_of_a_photo(screen, house)
        if step in (3, 59):
            held.append(memory(protocol))
    assert page.evaluate("seen.streams.filter(({ readyState }) => readyState < 2).length") == 1
    (heap, nodes), (heap_later, nodes_later) = held
    assert nodes_later <= nodes + 200
    assert heap_later <= 1.3 * heap
    screen.complaints.clear()  # The browser's own words about a daemon that was away.


def told_of_a_photo(one: Visit, house: House) -> None:
    """Send a photo: the stream tells of it, and the screen shows its picture."""
    one.page.wait_for_function("() => seen.streams.at(-1).readyState === EventSource.OPEN")
    told = one.page.evaluate("seen.told")
    status, answer = house.send(SLOT)
    assert status == 200
    one.page.wait_for_function("(told) => seen.told > told", arg=told)
    one.page.locator(f".newest[src*='{answer['job_id']}']").wait_for()
