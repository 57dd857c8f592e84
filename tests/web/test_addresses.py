"""By which addresses other machines reach this one, and the QR code of a slot's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from photobooth_daemon.monitoring import own_addresses
from photobooth_daemon.monitoring.own_addresses import OwnAddress, list_own_addresses
from photobooth_daemon.web.public import qr_svg
from tests.support.office import Office


@pytest.fixture
def listening() -> Iterator[int]:
    """A port that something listens on, on every address of this machine."""
    with socket.create_server(("0.0.0.0", 0)) as server:  # the point of it
        yield server.getsockname()[1]


async def test_this_machine_is_known_by_name_and_number(
    listening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_addresses, "_ipv4_addresses", lambda: ["127.0.0.2"])
    monkeypatch.setattr(socket, "gethostname", lambda: "booth")
    assert await list_own_addresses(listening) == [
        OwnAddress("booth.local", is_name=True, is_open=True),
        OwnAddress("127.0.0.2", is_name=False, is_open=True),
    ]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        found = await list_own_addresses(closed.getsockname()[1])
    assert [one.is_open for one in found] == [False, False]


@pytest.mark.parametrize(
    ("hostname", "name"),
    [("booth", "booth.local"), ("booth.example.org", "booth.example.org"), ("localhost", None)],
)
async def test_a_name_is_one_that_others_can_ask_for(
    hostname: str, name: str | None, listening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_addresses, "_ipv4_addresses", lambda: ["127.0.0.2"])
    monkeypatch.setattr(socket, "gethostname", lambda: hostname)
    assert [one.host for one in await list_own_addresses(listening) if one.is_name] == (
        [name] if name else []
    )


def test_addresses_come_from_the_interfaces_but_not_of_containers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = {path.name for path in own_addresses.INTERFACES.iterdir()}
    every = list(own_addresses._ipv4_addresses())
    assert all(not host.startswith("127.") for host in every)
    for name in (*real, "docker0", "no-such-one"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(own_addresses, "INTERFACES", tmp_path)
    assert list(own_addresses._ipv4_addresses()) == every
    monkeypatch.setattr(own_addresses, "INTERFACES", tmp_path / "none")
    assert list(own_addresses._ipv4_addresses()) == []


async def test_addresses_have_the_port_that_was_asked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_addresses, "_ipv4_addresses", lambda: ["127.0.0.1"])
    monkeypatch.setattr(socket, "gethostname", lambda: "booth")
    items = (await office.get("/api/addresses")).json()["items"]
    assert items == [
        {"url": f"http://booth.local:{office.port}", "is_name": True, "is_open": True},
        {"url": f"http://127.0.0.1:{office.port}", "is_name": False, "is_open": True},
    ]
    behind = await office.get("/api/addresses", X_Forwarded_Proto="https", Host="booth.example")
    assert {one["url"] for one in behind.json()["items"]} == {
        "https://booth.local",
        "https://127.0.0.1",
    }
    assert (await office.get("/api/addresses", Host="booth:99999")).code == "invalid_request"


async def test_a_slots_address_is_drawn(office: Office) -> None:
    reply = await office.get("/api/slots/slot-003/qr.svg?base=http://192.0.2.7:8080")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/svg+xml")
    assert reply.body == qr_svg("http://192.0.2.7:8080/api/ingest/slot-003?response=image")
    own = await office.get("/api/slots/slot-003/qr.svg")
    begin = f"http://127.0.0.1:{office.port}"
    assert own.body == qr_svg(f"{begin}/api/ingest/slot-003?response=image")
    assert (await office.get("/api/slots/slot-099/qr.svg")).code == "slot_not_found"
    for base in ("javascript:alert(1)", "http://", "http://a/?b", f"http://{'a' * 200}"):
        reply = await office.get(f"/api/slots/slot-003/qr.svg?base={base}")
        assert reply.code == "invalid_request", base
