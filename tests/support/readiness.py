"""An installation that is ready, until a test plants a fault, and what a check finds there."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from photobooth_daemon.app.build import App, build
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.start_up import AlertsConfig, Config, MediaConfig, ServerConfig
from photobooth_daemon.database.pool import Database
from photobooth_daemon.monitoring.readiness.model import Finding, ReadinessReport, State
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.rehearsal.fake_provider import FakeProvider
from tests.support.booth import KEY

READY = """
    UPDATE setting SET ingest_password_hash = 'x';
    UPDATE admin SET password_hash = 'x' WHERE username = 'serg';
    UPDATE slot SET enabled = true, provider = 'gemini', operation = 'edit',
                    params = '{"prompt": "smile"}' WHERE slot_id = 'slot-001';
    INSERT INTO cleanup_run (started_at, finished_at, succeeded)
         VALUES (clock_timestamp(), clock_timestamp(), true);
    INSERT INTO backup_run (started_at, finished_at, succeeded, location, size_bytes)
         VALUES (clock_timestamp(), clock_timestamp(), true, '/x', 1);
"""


class Evening:
    """An installation that is ready, until a test plants a fault."""

    def __init__(self, database: Database, directory: Path, provider: FakeProvider) -> None:
        self.database = database
        self.directory = directory
        self.clock: Clock = Clock()
        self.config = Config(
            server=ServerConfig(jwt_key_file=directory / "jwt.key"),
            media=MediaConfig(root=directory / "media"),
            providers={"gemini": ProviderConfig("gemini", provider.url, KEY, "config")},
            alerts=AlertsConfig(webhook_url="http://127.0.0.1:9/"),
        )

    async def execute(self, sql: str, *arguments: Any) -> None:
        async with self.database.connection() as connection:
            await connection.execute(sql, *arguments)

    def configure(self, section: str, **values: Any) -> None:
        changed = dataclasses.replace(getattr(self.config, section), **values)
        self.config = dataclasses.replace(self.config, **{section: changed})

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """One process of the installation, in the way a command builds it."""
        own = await Database.open(self.database.url, max_size=3)
        app = await build(self.config, own, clock=self.clock)
        try:
            yield app
        finally:
            await app.close()

    async def check(self, *, live: bool = False, daemon: bool = True) -> ReadinessReport:
        """Check as the command does, beside a daemon."""
        if not daemon:
            async with self.app() as app:
                return await app.readiness.check(live=live)
        running = self.config
        async with self.app() as serving:
            await serving.operations.show_presence()
            self.config = running
            async with self.app() as app:
                return await app.readiness.check(live=live)


def faults(report: ReadinessReport) -> list[str]:
    return [finding.code for finding in report.findings if finding.state is State.FAULT]


def codes(report: ReadinessReport) -> set[str]:
    return {finding.code for finding in report.findings}


def found(report: ReadinessReport, code: str) -> Finding:
    return next(finding for finding in report.findings if finding.code == code)
