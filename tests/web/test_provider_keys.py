"""Providers' keys from the browser, and what the vendor says of itself, through the port."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.administration.sealed import SealBroken, SealedSecrets
from photobooth_daemon.database.pool import Database
from photobooth_daemon.providers.driver import ProviderCheck, ProviderConfig
from photobooth_daemon.providers.turbotext.driver import TurbotextDriver
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.fakes import eventually
from tests.support.in_turn import in_turn
from tests.support.office import Office
from tests.support.quick_painter import QuickPainter

KEY = "sk-a-key-of-the-studio-0123456789"
PATH = "/api/providers/openai"
SLOT = "/api/slots/slot-001"


@pytest.fixture
def fake(io_loop: IOLoop) -> Iterator[FakeProvider]:
    provider = FakeProvider(painter=QuickPainter())
    io_loop.run_sync(lambda: _started(provider))
    yield provider
    io_loop.run_sync(provider.stop)


async def _started(provider: FakeProvider) -> None:
    provider.start()


@pytest.fixture
def office(
    io_loop: IOLoop, database: Database, tmp_path: Path, fake: FakeProvider
) -> Iterator[Office]:
    opened: Office = io_loop.run_sync(lambda: _opened(database, tmp_path, fake))
    yield opened
    io_loop.run_sync(opened.close)


async def _opened(database: Database, directory: Path, fake: FakeProvider) -> Office:
    config = ProviderConfig("openai", fake.url, None, None)
    return await Office.open(
        database, directory, gemini_url=fake.url, more_providers={"openai": config}
    )


async def given(office: Office, key: str = KEY) -> None:
    assert (await office.put(f"{PATH}/key", {"api_key": key})).status == 204


async def test_a_key_is_in_force_for_the_next_photo(office: Office, fake: FakeProvider) -> None:
    config = {"provider": "openai", "operation": "edit", "params": {"prompt": "x"}, "enabled": True}
    assert (await office.put(SLOT, config, If_Match="*")).status == 200
    for key in (KEY, f"{KEY}-newer"):
        await given(office, key)
        assert (await office.photograph()).status == 200
        assert fake.log.requests[-1].key == key
    assert (await office.call("DELETE", f"{PATH}/key")).status == 204
    refused = await office.photograph()
    assert refused.json()["provider_code"] == "auth"
    assert fake.log.requests[-1].key is None
    assert (await office.call("DELETE", f"{PATH}/key")).status == 204


async def test_a_key_is_in_force_on_every_process(
    office: Office, database: Database, tmp_path: Path, fake: FakeProvider
) -> None:
    other = await _opened(database, tmp_path, fake)
    try:
        config = {"provider": "openai", "operation": "edit", "params": {"prompt": "x"}}
        await office.put(SLOT, {**config, "enabled": True}, If_Match="*")
        await given(office)
        # The photo asks for itself; it need not wait for the news.
        assert (await other.photograph()).status == 200
        assert fake.log.requests[-1].key == KEY
        assert (await other.get("/api/settings")).json()["providers"]["openai"] == {
            "configured": True,
            "source": "administrator",
        }
    finally:
        await other.close()


async def test_a_key_is_nowhere_to_be_read(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await given(office)
    for path in ("/api/settings", "/api/providers", "/api/audit"):
        assert KEY.encode() not in (await office.get(path)).body
    for table in ("provider_key", "setting", "audit_log", "live_message", "live_draft"):
        rows = await office.fetch(f"SELECT * FROM {table}")
        assert KEY not in str(rows)
        assert KEY.encode().hex() not in str(rows)
    assert KEY not in caplog.text
    assert (await office.get(f"{PATH}/key")).code == "method_not_allowed"
    actions = [e["action"] for e in (await office.get("/api/audit")).json()["items"]]
    assert "provider.set_key" in actions


@in_turn(
    ("body", "pointers"),
    [
        ({}, ["/api_key"]),
        ({"api_key": ""}, ["/api_key"]),
        ({"api_key": "with a space in it"}, ["/api_key"]),
        ({"api_key": "ключ-ключ-ключ"}, ["/api_key"]),
        ({"api_key": "x" * 501}, ["/api_key"]),
        ({"api_key": KEY, "key": KEY}, ["/key"]),
    ],
)
async def test_what_is_no_key(office: Office, body: Any, pointers: list[str]) -> None:
    assert (await office.put(f"{PATH}/key", body)).pointers == pointers


async def test_a_key_from_elsewhere_is_changed_there(office: Office) -> None:
    for method, body in (("PUT", {"api_key": KEY}), ("DELETE", None)):
        reply = await office.call(method, "/api/providers/gemini/key", body)
        assert (reply.status, reply.code) == (409, "key_managed_elsewhere")
        for unknown in ("local", "nobody"):
            reply = await office.call(method, f"/api/providers/{unknown}/key", body)
            assert (reply.status, reply.code) == (404, "provider_not_found")


async def test_keys_outlive_the_process(
    office: Office, database: Database, tmp_path: Path, fake: FakeProvider
) -> None:
    await given(office)
    assert ((tmp_path / "secrets.key").stat().st_mode & 0o777) == 0o600
    again = await _opened(database, tmp_path, fake)
    source = (await again.get("/api/settings")).json()["providers"]["openai"]["source"]
    await again.close()
    assert source == "administrator"


async def test_a_key_that_cannot_be_opened_is_said_so(
    office: Office,
    database: Database,
    tmp_path: Path,
    fake: FakeProvider,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await given(office)
    (tmp_path / "secrets.key").write_text("x" * 64)
    again = await _opened(database, tmp_path, fake)
    facts = (await again.get("/api/settings")).json()["providers"]["openai"]
    await again.close()
    assert facts["source"] is None
    assert "cannot be opened" in caplog.text


def test_a_sealed_secret_is_bound_to_its_name() -> None:
    box = SealedSecrets(b"x" * 32)
    sealed = box.seal("openai", KEY)
    assert box.open("openai", sealed) == KEY
    assert box.seal("openai", KEY) != sealed
    for name, other, bent in (
        ("gemini", box, sealed),
        ("openai", SealedSecrets(b"y" * 32), sealed),
        ("openai", box, sealed[:-1]),
        ("openai", box, b""),
    ):
        with pytest.raises(SealBroken):
            other.open(name, bent)


async def test_a_check_asks_the_vendor_and_makes_no_picture(
    office: Office, fake: FakeProvider
) -> None:
    await given(office)
    reply = await office.call("POST", f"{PATH}/check")
    assert reply.status == 200
    found = reply.json()
    assert (found["ok"], found["code"]) == (True, None)
    assert found["latency_ms"] >= 0
    assert found["models"]
    assert found["message"].keys() == {"ru", "en"}
    assert {seen.method for seen in fake.log.requests} == {"GET"}
    assert (await office.call("POST", "/api/providers/local/check")).json()["ok"] is True
    unset = (await office.call("POST", "/api/providers/turbotext/check")).json()
    assert (unset["ok"], unset["code"], unset["models"]) == (False, "not_configured", None)
    assert (await office.call("POST", "/api/providers/x/check")).code == "provider_not_found"


async def test_models_are_asked_for_once_in_ten_minutes(office: Office, fake: FakeProvider) -> None:
    await given(office)
    models = (await office.get(f"{PATH}/models")).json()
    assert models == (await office.get(f"{PATH}/models")).json()
    assert "image" in models[0]
    assert len(fake.log.requests) == 1
    # Another key may see other models.
    await given(office, f"{KEY}-newer")
    await office.get(f"{PATH}/models")
    await eventually(lambda: len(fake.log.requests) == 2)
    assert (await office.get("/api/providers/local/models")).json() == []
    assert (await office.get("/api/providers/gemini/models")).json()
    assert (await office.get("/api/providers/x/models")).code == "provider_not_found"


async def test_health_asks_a_provider_once_it_has_a_key(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(*_: Any) -> ProviderCheck:
        return ProviderCheck(ok=True, latency_ms=1, detail="well")

    # The vendor itself is not called.
    monkeypatch.setattr(TurbotextDriver, "check", check)
    key = {"api_key": KEY}

    async def providers() -> set[str]:
        return set((await office.get("/healthz", token=None)).json()["checks"]["providers"])

    assert "turbotext" not in await providers()
    assert (await office.put("/api/providers/turbotext/key", key)).status == 204
    assert "turbotext" in await providers()
    await office.call("DELETE", "/api/providers/turbotext/key")
    assert "turbotext" not in await providers()
