"""Events as the contract has them, made through the port."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from photobooth_daemon.clock import rfc3339
from tests.support.office import Office

EVENTS = "/api/events"
SLOT = "/api/slots/slot-001"
LOOK = {"provider": "local", "operation": "look", "params": {}, "enabled": True}


def at(minutes: float) -> str:
    return rfc3339(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes))


def plan(begin: float = -5, end: float = 60, **config: Any) -> dict[str, Any]:
    """An event that runs now, unless told otherwise; minutes from now."""
    return {"name": "Wedding", "starts_at": at(begin), "ends_at": at(end), **config}


async def planned(office: Office, *times: float, **config: Any) -> dict[str, Any]:
    reply = await office.call("POST", EVENTS, plan(*times, **config))
    assert reply.status == 201, reply.body
    event: dict[str, Any] = reply.json()
    return event
