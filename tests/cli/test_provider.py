"""``photoboothctl provider``, as people and scripts call it."""

from __future__ import annotations

import asyncio
import json
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from photobooth_daemon.cli import main
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.quick_painter import QuickPainter

KEY = "AIza-key-that-nobody-may-see"


@pytest.fixture
def fake_url() -> Iterator[str]:
    """A fake provider on a loop of its own: the command has another one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)

    async def start() -> FakeProvider:
        provider = FakeProvider(keys={KEY}, painter=QuickPainter())
        provider.start()
        return provider

    provider = run(start())
    yield provider.url
    run(provider.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def run(database_url: str, *arguments: str, **environment: str) -> Result:
    env = {"PHOTOBOOTH_DATABASE__URL": database_url, **environment}
    result = CliRunner().invoke(main, ["--config", "/dev/null", "provider", *arguments], env=env)
    assert KEY not in result.output
    return result


def at(url: str, name: str = "GEMINI", key: str = KEY) -> dict[str, str]:
    prefix = f"PHOTOBOOTH_PROVIDERS__{name}__"
    return {f"{prefix}BASE_URL": url, f"{prefix}API_KEY": key}


def set_slot(database_url: str, **columns: Any) -> None:
    async def write() -> None:
        connection = await asyncpg.connect(database_url)
        names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 1))
        await connection.execute(
            f"UPDATE slot SET {names} WHERE slot_id = 'slot-001'", *columns.values()
        )
        await connection.close()

    asyncio.run(write())


def test_the_list_names_each_provider_once(database_url: str) -> None:
    result = run(database_url, "list", "--json", **at("http://x"))
    items = {item["provider"]: item for item in json.loads(result.output)["items"]}
    assert set(items) >= {"local", "gemini", "openai", "turbotext", "comfyui"}
    assert items["gemini"]["configured"] is True
    assert items["gemini"]["key_source"] == "environment"
    assert items["comfyui"]["configured"] is False
    assert items["turbotext"]["needs_public_url"] is True
    assert "environment" in run(database_url, "list", **at("http://x")).output


def test_a_slots_own_model_is_asked_for(database_url: str, fake_url: str) -> None:
    params = json.dumps({"prompt": "x", "model": "gemini-3-pro-image-preview"})
    fallback = json.dumps([{"provider": "local", "operation": "look", "params": {}}])
    set_slot(
        database_url,
        enabled=True,
        provider="gemini",
        operation="edit",
        params=params,
        fallback=fallback,
    )
    result = run(database_url, "check", "--json", **at(fake_url))
    assert result.exit_code == 1
    document = json.loads(result.output)
    assert document["slots_known"] is True
    items = {item["provider"]: item for item in document["items"]}
    gone = items["gemini"]
    assert (gone["slots"], gone["ok"], gone["model_listed"]) == (["slot-001"], False, False)
    assert gone["detail"].startswith("model_gone")
    assert items["local"]["slots"] == ["slot-001"]
    assert items["openai"]["configured"] is False

    set_slot(database_url, params=json.dumps({"prompt": "x"}))
    good = run(database_url, "check", **at(fake_url))
    assert good.exit_code == 0, good.output
    assert "gemini-nano-banana-2.1" in good.output


def test_a_wrong_key_and_a_missing_address_are_told(database_url: str, fake_url: str) -> None:
    result = run(database_url, "check", "gemini", **at(fake_url, key="AIza-another-key"))
    assert (result.exit_code, "auth" in result.output) == (1, True)
    result = run(database_url, "check", "turbotext", **at(fake_url, "TURBOTEXT"))
    assert (result.exit_code, "public_url" in result.output) == (1, True)
    environment = {**at(fake_url, "TURBOTEXT"), "PHOTOBOOTH_SERVER__PUBLIC_URL": "https://x.y"}
    assert run(database_url, "check", "turbotext", **environment).exit_code == 0
    assert run(database_url, "check", "comfyui").exit_code == 1
    assert run(database_url, "check", "nobody").exit_code == 2


def test_without_a_database_the_default_models_are_asked_for(fake_url: str) -> None:
    result = run("postgresql://127.0.0.1:9/none", "check", "gemini", **at(fake_url))
    assert result.exit_code == 0, result.output
    assert "could not be read" in result.output


def test_the_price_table_can_be_copied(database_url: str, tmp_path: Path) -> None:
    table = run(database_url, "prices").output
    assert tomllib.loads(table)["currency"] == "USD"
