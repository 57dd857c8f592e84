"""Hosts of one installation that report to somebody, and what he has been told."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from tests.support import shifted_daemon
from tests.support.alert_receiver import Told, receiver_app
from tests.support.daemons import Daemon
from tests.support.hosts import another
from tests.support.party import Party


@dataclass
class Alarmed:
    """The party's daemon ``one``, and ``two``, which is not started."""

    party: Party
    two: Daemon
    told: Told
    _receiver: HTTPServer

    @classmethod
    async def open(
        cls,
        directory: Path,
        database_url: str,
        constants: Mapping[str, float],
        *,
        hold_seconds: float = math.inf,
    ) -> Alarmed:
        """Open both; ``constants`` are the times that they take less of than in the field.

        No alert has to hold for longer than ``hold_seconds``.
        """
        told: Told = []
        socket, port = bind_unused_port()
        receiver = HTTPServer(receiver_app(told, []))
        receiver.add_socket(socket)
        alerts = f'[alerts]\nwebhook_url = "http://127.0.0.1:{port}/alerts"\n'
        toml = f'[server]\nhost_name = "one"\n{alerts}'
        party = await Party.open(
            directory, database_url, toml=toml, start=False, constants=constants
        )
        party.daemon.module = shifted_daemon.MODULE
        party.daemon.environment = {"HOLD_SECONDS": str(hold_seconds)}
        await party.start()
        two = another(party, "two", alerts)
        two.module = shifted_daemon.MODULE
        two.environment = party.daemon.environment
        return cls(party, two, told, receiver)

    async def close(self) -> None:
        self.two.close()
        await self.party.close()
        self._receiver.stop()

    def fired(self) -> Counter[tuple[str, str]]:
        """Return how often each alert was told."""
        return Counter(
            (alert["name"], alert["subject"]) for _, note in self.told for alert in note["firing"]
        )
