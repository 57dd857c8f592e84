"""The private PostgreSQL: what the quick start and every other test stand on."""

from __future__ import annotations

from photobooth_daemon.database import Database


async def test_a_test_gets_a_seeded_database_of_its_own(database: Database) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM slot") == 15
