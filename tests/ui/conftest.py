"""What several files of browser tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from photobooth_daemon.clock import rfc3339
from tests.support.ui_events import SLOT, forget_all
from tests.support.ui_house import LANGUAGES, House, Visit, frame, local_look, visit

GUESTS_SLOT = "slot-010"
LONGEST = ("tests/ui/test_screens.py", "tests/ui/test_guests.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that none of them is alone at the end."""
    if config.option.markexpr == "browser":
        items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


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
    """A slot that works, for the event alone."""
    house.put_slot(SLOT, display_name="Шатёр", enabled=True, fallback=[], **local_look("bw"))
    yield SLOT
    version = house.call("GET", f"/api/slots/{SLOT}")["version"]
    house.call("DELETE", f"/api/slots/{SLOT}", query={"version": version})
