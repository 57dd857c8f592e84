"""What one process finds of a provider's model spares the others' photos the same failures.

It is told by a live message: a cool-down lasts a minute at most, so a daemon that starts in
the middle of one finds out by itself.
"""

from __future__ import annotations

from uuid import uuid4

from photobooth_daemon.database.pool import Database
from photobooth_daemon.ingest.ladder.cooldown import Model
from photobooth_daemon.ingest.ladder.ladder import Ladder
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import LiveMessage
from photobooth_daemon.tasks import InFlight

KIND = "cooldown"


class SharedCooldowns:
    """Tells of this process' cool-downs, and hears of the others'."""

    def __init__(self, database: Database, live: LivePublisher, in_flight: InFlight) -> None:
        self._database = database
        self._live = live
        self._in_flight = in_flight
        self._own_name = uuid4().hex

    def heard(self, message: LiveMessage, ladder: Ladder) -> None:
        """Have the ladder take over what another process has found."""
        if message.kind != KIND or message.data["by"] == self._own_name:
            return
        model = message.data["provider"], message.data["model"]
        ladder.learn_cooldown(model, message.data["seconds"], message.at)

    def found(self, model: Model, seconds: float) -> None:
        """Tell the other processes what this one has found."""
        # Beside the photo: nobody waits for the others to know.
        self._in_flight.start(self._tell(model, seconds), f"cool-down of {model[0]}")

    async def _tell(self, model: Model, seconds: float) -> None:
        provider, name = model
        data = {"provider": provider, "model": name, "seconds": seconds, "by": self._own_name}
        async with self._database.transaction() as connection:
            await self._live.publish(connection, KIND, data)
