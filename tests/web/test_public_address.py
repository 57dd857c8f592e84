"""The public address as a setting: where links begin, at once and on every process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from photobooth_daemon.database.pool import Database
from tests.support.fakes import eventually
from tests.support.in_turn import in_turn
from tests.support.office import Office

ADDRESS = "https://booth.example"


async def set_address(office: Office, address: Any) -> Any:
    return await office.put("/api/settings", {"public_url": address}, If_Match="*")


async def where_cameras_send(office: Office) -> str:
    answer = await office.get("/api/slots/slot-001")
    return str(answer.json()["links"]["ingest"]).partition("/api/")[0]


async def test_links_begin_with_it_at_once(office: Office) -> None:
    asked = f"http://127.0.0.1:{office.port}"
    assert await where_cameras_send(office) == asked
    reply = await set_address(office, f"{ADDRESS}/")
    assert reply.json()["public_url"] == ADDRESS
    assert reply.json()["public_address"] == {"url": ADDRESS, "source": "administrator"}
    assert await where_cameras_send(office) == ADDRESS
    board = await office.call("POST", "/api/boards", {"label": "hall"})
    assert board.json()["link"].startswith(f"{ADDRESS}/board/")
    slot = {"provider": "local", "operation": "look", "params": {}, "enabled": True}
    assert (await office.put("/api/slots/slot-001", slot, If_Match="*")).status == 200
    photo = (await office.photograph()).json()
    assert photo["result_link"] == f"{ADDRESS}/public/results/{photo['job_id']}"
    reply = await set_address(office, None)
    assert reply.json()["public_address"] == {"url": None, "source": None}
    assert await where_cameras_send(office) == asked


async def test_other_processes_hear_of_it(
    office: Office, database: Database, tmp_path: Path
) -> None:
    other = await Office.open(database, tmp_path)
    try:
        await set_address(office, ADDRESS)

        async def heard() -> bool:
            return await where_cameras_send(other) == ADDRESS

        await eventually(heard)
    finally:
        await other.close()


async def test_a_process_that_starts_later_knows_it(
    office: Office, database: Database, tmp_path: Path
) -> None:
    await set_address(office, ADDRESS)
    other = await Office.open(database, tmp_path)
    try:
        assert await where_cameras_send(other) == ADDRESS
    finally:
        await other.close()


async def test_the_configuration_wins(office: Office, database: Database, tmp_path: Path) -> None:
    await set_address(office, ADDRESS)
    other = await Office.open(database, tmp_path, public_url="https://file.example")
    try:
        assert await where_cameras_send(other) == "https://file.example"
        shown = (await other.get("/api/settings")).json()
        assert shown["public_address"] == {"url": "https://file.example", "source": "config"}
        assert (await set_address(other, "https://new.example")).pointers == ["/public_url"]
        # What GET gave can be put back, and what is not in force can be taken away.
        assert (await other.put("/api/settings", shown)).json()["version"] == shown["version"]
        assert (await set_address(other, None)).status == 200
    finally:
        await other.close()


@in_turn(
    "address",
    [
        "booth.example",
        "ftp://booth.example",
        "https://",
        "https://somebody@booth.example",
        "https://booth.example/?a=b",
        "https://booth.example/#a",
        "https://booth example",
        "https://booth.example:port",
        "https://[::1",
        "https://" + "x" * 200,
        "",
        7,
        ["https://booth.example"],
    ],
)
async def test_what_is_no_address(office: Office, address: Any) -> None:
    assert (await set_address(office, address)).pointers == ["/public_url"]


async def test_a_provider_that_fetches_by_a_link_needs_one(office: Office) -> None:
    slot = {"provider": "turbotext", "operation": "generate_image2image", "params": {"prompt": "x"}}
    assert "/provider" in await missing(office, slot)
    await set_address(office, ADDRESS)
    assert "/provider" not in await missing(office, slot)


async def missing(office: Office, slot: dict[str, Any]) -> list[str]:
    await office.put("/api/providers/turbotext/key", {"api_key": "a-key-of-the-studio"})
    reply = await office.put("/api/slots/slot-002", slot, If_Match="*")
    assert reply.status == 200, reply.body
    return [fault["pointer"] for fault in reply.json()["missing"]]
