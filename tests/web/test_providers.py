"""What can be put on a slot: the providers, their operations, schemas and roles."""

from __future__ import annotations

import json

from tests.support.office import Office


async def test_providers(office: Office) -> None:
    reply = await office.get("/api/providers")
    assert reply.status == 200
    items = {item["provider"]: item for item in reply.json()["items"]}
    assert {"local", "gemini"} <= items.keys()
    local = items["local"]
    assert local.keys() >= {"title", "configured", "needs_public_url", "operations"}
    assert (local["configured"], local["needs_public_url"]) == (True, False)
    assert local["operations"][0]["operation"] == "look"
    look, frame = local["operations"][:2]
    assert look["schema"]["properties"]["look"]["default"] == "bw"
    assert look["schema"]["additionalProperties"] is False
    assert look["template_roles"] == []
    assert [role["role"] for role in frame["template_roles"]] == ["frame"]
    assert "$ref" not in json.dumps(reply.json())
