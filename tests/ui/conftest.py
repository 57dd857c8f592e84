"""What several files of browser tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import pytest

from photobooth_daemon.clock import rfc3339
from tests.support.other_machine import OtherMachine, open_other_machine
from tests.support.ui_events import SLOT, forget_all
from tests.support.ui_house import LANGUAGES, House, Visit, local_look, visit
from tests.support.ui_pictures import frame

GUESTS_SLOT = "slot-010"
LONGEST = ("tests/ui/test_screens.py", "tests/ui/test_guests.py")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let another machine be there before the first browser, for all processes of the tests."""
    config = node.config
    if not hasattr(config, "other_machine"):
        joined = ExitStack()
        config.other_machine = asdict(joined.enter_context(open_other_machine()))
        config.add_cleanup(joined.close)
    node.workerinput["other_machine"] = config.other_machine


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, and begin with the files that take longest.

    None of those is alone at the end then.
    """
    wanted = config.getoption("--languages")
    if wanted != "both":
        left_out = [item for item in items if _is_of_half(item) != (wanted == "half")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    if config.option.markexpr == "browser":
        items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Let a flow that fails tell what its visitors saw; one who came by ``with`` tells it alone."""
    outcome: Any = yield
    if outcome.excinfo:
        given = getattr(item, "funcargs", {}).values()
        for one in {
            id(visitor): visitor for visitor in given if isinstance(visitor, Visit)
        }.values():
            outcome.excinfo[1].add_note(one.tell())


def _is_of_half(item: pytest.Item) -> bool:
    """Whether a test is tried wherever one language is enough.

    A flow is, in one of the languages, and in the other one is not. What looks at a screen names
    its widths beside its languages, and is tried in all.
    """
    asked = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
    if len(asked) != 1 or asked[0] not in LANGUAGES:
        return True
    name = item.nodeid.partition("[")[0]
    return bool(asked[0] == LANGUAGES[crc32(name.encode()) % len(LANGUAGES)])


@pytest.fixture(scope="session")
def other_machine(request: pytest.FixtureRequest) -> Iterator[OtherMachine]:
    """Where a camera's program runs."""
    shared = getattr(request.config, "workerinput", {}).get("other_machine")
    with nullcontext(OtherMachine(**shared)) if shared else open_other_machine() as joined:
        yield joined


@pytest.fixture(params=LANGUAGES)
def guest(request: pytest.FixtureRequest, house: House, browser: Any) -> Iterator[Visit]:
    """A browser in one language, nobody logged in."""
    with visit(house, browser, request.param) as one:
        yield one


@pytest.fixture
def admin(guest: Visit) -> Visit:
    """The same with a session of serg's."""
    guest.login()
    return guest


@pytest.fixture
def event(house: House) -> Iterator[dict[str, Any]]:
    """An evening of one slot, with everything that guests' pages can show."""
    house.put_slot(GUESTS_SLOT, display_name="Гости", enabled=True, **local_look("warm"))
    logo = house.template("Логотип", frame((200, 60, 120)))
    now = datetime.now(UTC)
    made = house.call(
        "POST",
        "/api/events",
        {
            "name": "Свадьба",
            "starts_at": rfc3339(now - timedelta(hours=1)),
            "ends_at": rfc3339(now + timedelta(hours=1)),
            "slots": [GUESTS_SLOT],
            "frozen": False,
            "gallery": {"enabled": True, "archive": True},
            "guest": {
                "title": "Анна и Борис",
                "greeting": "Спасибо, что вы с нами!",
                "accent": "#e8c14a",
                "logo_media_id": logo["media_id"],
            },
        },
    )
    yield made
    version = house.call("GET", f"/api/events/{made['event_id']}")["version"]
    query = {"version": version, "purge": 1}
    house.call("DELETE", f"/api/events/{made['event_id']}", query=query)
    version = house.call("GET", f"/api/slots/{GUESTS_SLOT}")["version"]
    house.call("DELETE", f"/api/slots/{GUESTS_SLOT}", query={"version": version})


@pytest.fixture
def clean(house: House) -> Iterator[None]:
    """No event is there, and none is left to others, whatever the test has planned."""
    forget_all(house)
    yield
    forget_all(house)


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
    """A slot that works, for the event alone; no picture of it is left afterwards."""
    house.put_slot(SLOT, display_name="Шатёр", enabled=True, fallback=[], **local_look("bw"))
    yield SLOT
    left = house.call("GET", f"/api/slots/{SLOT}")
    for result in left["recent_results"]:
        house.call("DELETE", f"/api/jobs/{result['job_id']}/result")
    house.call("DELETE", f"/api/slots/{SLOT}", query={"version": left["version"]})
