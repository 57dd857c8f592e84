"""Slots on the local look, as an administrator configures them through the port."""

from __future__ import annotations

from typing import Any

from tests.support.office import Office, Reply
from tests.support.sample_pictures import png, see_through

LOOK = {"provider": "local", "operation": "look", "params": {}}
SLOT = "/api/slots/slot-001"


async def configured(office: Office, slot_id: str = "slot-001", **changes: Any) -> Reply:
    """A slot on the local look, switched on."""
    reply = await office.put(
        f"/api/slots/{slot_id}", {**LOOK, "enabled": True, **changes}, If_Match="*"
    )
    assert reply.status == 200, reply.body
    return reply


async def registered(office: Office, picture: bytes | None = None, label: str = "frame") -> str:
    reply = await office.post_form(
        "/api/template-media/register", {"file": picture or png(see_through()), "label": label}
    )
    assert reply.status == 201, reply.body
    return str(reply.json()["media_id"])


async def refused(office: Office, changes: dict[str, Any], path: str = SLOT) -> list[str]:
    """The pointers of a refused change."""
    reply = await office.put(path, changes, If_Match="*")
    assert reply.status == 422, reply.body
    return reply.pointers
