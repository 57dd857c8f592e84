"""Every list is asked for pages that are nowhere: it says so, or has nothing, and at once."""

from __future__ import annotations

import base64
from uuid import UUID

from tests.support.events import planned
from tests.support.hall import Hall
from tests.support.office import Office

LISTS = (
    "/api/admins",
    "/api/audit",
    "/api/boards",
    "/api/events",
    "/api/events/{event}/results",
    "/api/jobs",
    "/api/presets",
    "/api/providers",
    "/api/slots",
    "/api/slots/slot-001/revisions",
    "/api/template-media",
    "{gallery}",
    "{gallery}/pictures",
)
NUMBERS = (0, -1, 1, 10**9, 2**31, 2**63 - 1, -(2**63) + 1, 2**63, 10**18, -(10**18))
INSTANTS = (*NUMBERS, -62_135_596_800_000_000, 253_402_300_799_999_999, 253_402_300_800_000_000)


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


CURSORS = [
    *(cursor(f"n|{number}") for number in NUMBERS),
    *(cursor(f"t|{instant}|{UUID(int=2**128 - 1)}") for instant in INSTANTS),
    *(cursor(text) for text in ("n|", "n|1|2", "t|0|x", "t|0", "n|1e9", "n|\u0663", "x" * 5000)),
    *("", "%00", "%ff", "'", "n|1", "A" * 7000, "\u043d".encode().hex()),
]
LIMITS = ("0", "-1", "201", "1000000000", "1e9", "0x10", "%D9%A3", "%00", "9" * 5000)


async def test_pages_that_are_nowhere(office: Office) -> None:
    hall = await Hall.open(office, 120, 180)
    event = await planned(office, 240, 300)
    for name in LISTS:
        path = name.format(event=event["event_id"], gallery=hall.path)
        answered = set()
        for place in CURSORS:
            reply = await office.get(f"{path}?cursor={place}")
            assert reply.status in (200, 400), (path, place, reply.body)
            answered.add(reply.status)
        assert answered == {200, 400}, path
        if path == hall.path:
            continue  # Pages of sixty.
        for limit in LIMITS:
            reply = await office.get(f"{path}?limit={limit}")
            assert reply.status == 400, (path, limit, reply.body)
