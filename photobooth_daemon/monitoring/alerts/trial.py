"""A test message through each channel, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from photobooth_daemon.administration.alert_channels import AlertChannels
from photobooth_daemon.administration.settings import SettingsService
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.config.told import installation_name
from photobooth_daemon.model.alerts import Notification
from photobooth_daemon.monitoring.alerts.channels import Channel, NotSentError, build_channels
from photobooth_daemon.monitoring.alerts.texts import test_text


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message through one channel; without ``error`` it arrived."""

    channel: str
    error: str | None = None


class AlertTrial:
    """Tries the channels that are in force now."""

    def __init__(
        self,
        channels: AlertChannels,
        settings: SettingsService,
        address: PublicAddress,
        http: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        self._channels = channels
        self._settings = settings
        self._address = address
        self._http = http
        self._clock = clock

    async def run(self) -> list[Told]:
        """Send a test message through all of them, in the language of the settings."""
        locale = (await self._settings.get()).values.locale
        await self._channels.keep_up()
        return await send_test(
            build_channels(self._channels.config, self._http),
            installation_name(self._address.url),
            self._clock.utcnow(),
            locale,
        )


async def send_test(
    channels: Sequence[Channel], installation: str, at: datetime, locale: str
) -> list[Told]:
    """Send a test message through all of them at once; none is tried again."""
    title, text = test_text(installation, locale)
    notification = Notification(installation, at, title=title, text=text, test=True)

    async def one(channel: Channel) -> Told:
        try:
            await channel.send(notification)
        except NotSentError as error:
            return Told(channel.name, str(error))
        return Told(channel.name)

    return list(await asyncio.gather(*(one(channel) for channel in channels)))
