"""Which servers a schema is brought to."""

from __future__ import annotations

import pytest

from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import SchemaMismatch
from tests.support.housekeeping import value


async def test_a_server_that_is_too_old_is_refused_before_anything_is_made(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.open(empty_database_url, max_size=1)
    monkeypatch.setattr(migrations, "OLDEST_SERVER_MAJOR", 99)
    try:
        with pytest.raises(SchemaMismatch, match="needs 99 or newer"):
            await migrations.migrate(database, Clock())
        assert await value(database, "SELECT to_regclass('schema_migration')") is None
    finally:
        await database.close()
