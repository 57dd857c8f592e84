"""Evenings as browser tests plan them: in one slot, and gone afterwards."""

from __future__ import annotations

import re
from typing import Any

from tests.support.ui_house import (
    House,
    Visit,
)

SLOT = "slot-013"


def forget_all(house: House) -> None:
    for event in house.call("GET", "/api/events")["items"]:
        house.call(
            "DELETE", f"/api/events/{event['event_id']}", query={"version": event["version"]}
        )


def events(house: House) -> Any:
    return house.call("GET", "/api/events")["items"]


def shows_no_id(one: Visit) -> bool:
    text = one.page.locator("main").inner_text()
    return re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text) is None
