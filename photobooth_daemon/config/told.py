"""What a configuration tells of itself: its name, and what no log may have."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from photobooth_daemon.config.start_up import Config
from photobooth_daemon.config.urls import secrets_in


def installation_name(public: str | None) -> str:
    """Return what people call this installation: the public host's name, else the machine's."""
    return (urlsplit(public).hostname if public else None) or socket.gethostname()


def secrets_of(config: Config) -> list[str]:
    """Return every secret of the configuration, for masks."""
    alerts = config.alerts
    found = [
        *(provider.api_key for provider in config.providers.values()),
        *(provider.proxy for provider in config.providers.values()),
        alerts.telegram_token,
        alerts.smtp_url,
        alerts.webhook_url,
        alerts.heartbeat_url,
        config.intake.password,
        *(secret for url in _urls_of(config) for secret in secrets_in(url)),
    ]
    return [secret for secret in found if secret]


def _urls_of(config: Config) -> list[str | None]:
    return [
        config.database.url,
        config.server.public_url,
        config.alerts.smtp_url,
        config.alerts.telegram_api_url,
        *(url for known in config.providers.values() for url in (known.base_url, known.proxy)),
    ]
