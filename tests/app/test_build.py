"""A process that cannot be built leaves nothing open."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import pytest

from photobooth_daemon.app.build import build
from photobooth_daemon.config.start_up import Config, MediaConfig, ServerConfig
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import ConfigError


def threads() -> set[threading.Thread]:
    """All but those of the loop itself."""
    return {one for one in threading.enumerate() if not one.name.startswith("asyncio")}


async def test_what_was_opened_is_closed_where_building_fails(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "secrets.key"
    broken.write_text("short")
    config = Config(
        server=ServerConfig(jwt_key_file=tmp_path / "jwt.key", secrets_key_file=broken),
        media=MediaConfig(tmp_path / "media"),
    )
    before = threads()
    with pytest.raises(ConfigError, match="secrets_key_file"):
        await build(config, database)
    gc.collect()
    assert "Unclosed" not in caplog.text
    assert threads() == before
