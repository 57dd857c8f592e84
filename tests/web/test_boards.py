"""Board links of the contract, through the port: made, shown to a screen, taken back."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import uuid4

import pytest

from photobooth_daemon.web.boards import MOST_OF_ADDRESS
from tests.support.fakes import eventually
from tests.support.in_turn import in_turn
from tests.support.office import Office, Reply
from tests.support.sample_pictures import corners, jpeg
from tests.web.test_events import plan

BOARDS = "/api/boards"
LOOK = {"provider": "local", "operation": "look", "params": {}, "enabled": True}


async def made(office: Office, **body: Any) -> dict[str, Any]:
    reply = await office.call("POST", BOARDS, {"label": "Back office", **body})
    assert reply.status == 201, reply.body
    board: dict[str, Any] = reply.json()
    return board


def path_of(board: dict[str, Any]) -> str:
    return "/board/" + str(board["link"]).rpartition("/board/")[2]


async def opened(office: Office, board: dict[str, Any]) -> str:
    """The cookie that a screen has once it has opened its link."""
    page = await office.get(path_of(board), token=None)
    assert page.status == 200
    cookie = page.cookies()["photobooth_board"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/board"))
    return cookie.partition(";")[0]


async def screen(office: Office, cookie: str, path: str = "/board/state") -> Reply:
    return await office.get(path, token=None, Cookie=cookie)


async def test_a_link_is_shown_once(office: Office) -> None:
    board = await made(office, slots=["slot-002", "slot-001", "slot-002"])
    assert board["slots"] == ["slot-001", "slot-002"]
    token = path_of(board).rpartition("/")[2]
    assert len(token) == 43
    listed = (await office.get(BOARDS)).json()
    assert listed["items"] == [{k: v for k, v in board.items() if k not in ("link", "qr_svg")}]
    assert listed["next_cursor"] is None
    for table in ("board", "audit_log"):
        assert token not in str(await office.fetch(f"SELECT * FROM {table}"))


@in_turn(
    ("body", "pointers"),
    [
        ({}, ["/label"]),
        ({"label": " "}, ["/label"]),
        ({"label": "x" * 81}, ["/label"]),
        ({"label": "x", "slots": ["slot-016"]}, ["/slots/0"]),
        ({"label": "x", "slots": None}, ["/slots"]),
        ({"label": "x", "link": "y"}, ["/link"]),
    ],
)
async def test_a_board_that_cannot_be(office: Office, body: Any, pointers: list[str]) -> None:
    assert (await office.call("POST", BOARDS, body)).pointers == pointers


async def test_a_screen_sees_pictures_and_nothing_private(office: Office) -> None:
    await office.put("/api/slots/slot-001", {**LOOK, "display_name": "Arch"}, If_Match="*")
    await office.call("POST", "/api/events", plan(name="Wedding", slots=["slot-001"]))
    jobs = [(await office.photograph()).json()["job_id"] for _ in range(3)]
    await office.put(f"/api/jobs/{jobs[1]}/visibility", {"hidden": True})
    broken = await office.photograph(photo=jpeg()[:2000])
    assert broken.code == "invalid_image"
    cookie = await opened(office, await made(office, slots=["slot-001", "slot-003"]))
    reply = await screen(office, cookie)
    assert reply.status == 200
    state = reply.json()
    assert state["label"] == "Back office"
    assert [event["name"] for event in state["events"]] == ["Wedding"]
    arch, other = state["slots"]
    assert {k: v for k, v in arch.items() if k != "pictures"} == {
        "slot_id": "slot-001",
        "display_name": "Arch",
        "enabled": True,
        "in_work": 0,
        "failure": "invalid_image",
    }
    assert [found["preview_url"] for found in arch["pictures"]] == [
        f"/public/results/{job_id}/preview" for job_id in (jobs[2], jobs[0])
    ]
    assert (other["enabled"], other["pictures"]) == (False, [])
    for word in (b"serg", b"127.0.0.1", b"prompt", b"local", b"address"):
        assert word not in reply.body


async def test_a_screen_s_cookie_opens_the_board_alone(office: Office) -> None:
    cookie = await opened(office, await made(office))
    for path in ("/api/slots", "/api/live", "/api/me", "/api/boards", "/metrics"):
        refused = await screen(office, cookie, path)
        assert refused.status == 401 or path == "/metrics", path
    head = await office.call("HEAD", "/board/live", token=None, Cookie=cookie)
    assert head.headers["Content-Type"].startswith("text/event-stream")


@in_turn("path", ["/board/state", "/board/live", "/board/x", "/board/" + "x" * 43])
async def test_without_a_link_there_is_no_board(office: Office, path: str) -> None:
    for cookie in ("", "photobooth_board=x", "photobooth_board=" + "x" * 43):
        reply = await screen(office, cookie, path)
        assert (reply.status, reply.code) == (404, "board_not_found")


async def test_a_link_is_taken_back(office: Office) -> None:
    board = await made(office)
    cookie = await opened(office, board)
    path = f"{BOARDS}/{board['board_id']}"
    assert (await office.call("DELETE", path)).status == 204
    assert (await screen(office, cookie)).code == "board_not_found"
    assert (await office.get(path_of(board), token=None)).code == "board_not_found"
    assert (await office.call("DELETE", path)).code == "board_not_found"
    assert (await office.call("DELETE", f"{BOARDS}/{uuid4()}")).code == "board_not_found"
    actions = [e["action"] for e in (await office.get("/api/audit?entity=board")).json()["items"]]
    assert actions == ["board.delete", "board.create"]


async def test_a_screen_is_told_of_changes_on_its_slots(office: Office) -> None:
    for slot_id in ("slot-001", "slot-002"):
        await office.put(f"/api/slots/{slot_id}", LOOK, If_Match="*")
    cookie = await opened(office, await made(office, slots=["slot-001"]))
    reader, writer = await asyncio.open_connection("127.0.0.1", office.port)
    writer.write(f"GET /board/live HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
    text = b""
    while b"retry:" not in text:
        text += await asyncio.wait_for(reader.read(4096), 5)
    await office.photograph("slot-002")
    await office.photograph("slot-001")
    while b"event: changed" not in text:
        text += await asyncio.wait_for(reader.read(4096), 5)
    writer.close()
    assert b'"slot_id": "slot-001"' in text
    assert b"slot-002" not in text


async def test_screens_of_one_address_leave_connections_to_the_cameras(office: Office) -> None:
    cookie = await opened(office, await made(office))
    request = f"GET /board/live HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode()

    async def follow() -> tuple[bytes, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", office.port)
        writer.write(request)
        status = await asyncio.wait_for(reader.readline(), 10)
        return status.split()[1], writer

    screens = [await follow() for _ in range(MOST_OF_ADDRESS)]
    assert {status for status, _ in screens} == {b"200"}
    status, refused = await follow()
    assert status == b"429"
    assert (await office.get("/board/state", token=None, Cookie=cookie)).status == 200
    screens.pop()[1].transport.abort()
    writers = [refused, *(writer for _, writer in screens)]

    async def has_place() -> bool:
        status, writer = await follow()
        writers.append(writer)
        return status == b"200"

    await eventually(has_place, seconds=5)
    for writer in writers:
        writer.close()


async def test_no_log_has_a_link(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    board = await made(office)
    with caplog.at_level(logging.DEBUG):
        await opened(office, board)
    assert "GET /board/… 200" in caplog.text
    assert path_of(board).rpartition("/")[2] not in caplog.text


async def test_pictures_made_again_are_shown_too(office: Office) -> None:
    await office.put("/api/slots/slot-001", LOOK, If_Match="*")
    first = (await office.photograph()).json()["job_id"]
    again = (await office.photograph(photo=jpeg(corners(64, 48)))).json()["job_id"]
    await office.execute(
        "UPDATE job_history SET source = 'rerun', rerun_of = $1 WHERE job_id = $2", first, again
    )
    cookie = await opened(office, await made(office))
    (slot, *_) = (await screen(office, cookie)).json()["slots"]
    previews = [f"/public/results/{job_id}/preview" for job_id in (again, first)]
    assert [picture["preview_url"] for picture in slot["pictures"]] == previews
    (listed, *_) = (await office.get("/api/slots")).json()["items"]
    assert [result["preview_url"] for result in listed["recent_results"]] == previews
    assert listed["last_result"]["job_id"] == again


async def test_a_link_comes_with_its_code(office: Office) -> None:
    assert (await made(office))["qr_svg"].startswith("<?xml")
