"""Ways to tell people of alerts that administrators set up: kept sealed, in force within seconds.

One of the start-up file goes before one from here, and is changed where it stands.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

from photobooth_daemon.administration.audit import Audit
from photobooth_daemon.administration.sealed import SealedSecrets
from photobooth_daemon.administration.sealed_entries import Kind, SealedEntries
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.start_up import AlertsConfig
from photobooth_daemon.database.pool import Database
from photobooth_daemon.errors import (
    AlertChannelNotFound,
    DatabaseUnavailable,
    Fault,
    KeyManagedElsewhere,
    ValidationFailed,
)
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.model import Actor
from photobooth_daemon.providers.param_faults import body_faults
from photobooth_daemon.repositories.alert_channels import AlertChannelRepository

MAIL_ADDRESS = {"type": "string", "maxLength": 254, "pattern": r"^[^\s@,<>]+@[^\s@,<>]+$"}
CHANNEL_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "telegram": {
        "type": "object",
        "properties": {
            "token": {"type": "string", "pattern": "^[0-9]{3,20}:[A-Za-z0-9_-]{20,100}$"},
            "chat_id": {"type": "string", "pattern": "^(-?[0-9]{1,20}|@[A-Za-z0-9_]{5,32})$"},
        },
        "required": ["token", "chat_id"],
        "additionalProperties": False,
    },
    "email": {
        "type": "object",
        "properties": {
            "to": {"type": "array", "minItems": 1, "maxItems": 10, "items": MAIL_ADDRESS},
            "from": {**MAIL_ADDRESS, "type": ["string", "null"]},
            "smtp_url": {
                "type": ["string", "null"],
                "maxLength": 500,
                "pattern": r"^smtps?://[^\s/?#]+/?$",
            },
        },
        "required": ["to"],
        "additionalProperties": False,
    },
    "webhook": {
        "type": "object",
        "properties": {
            "url": {"type": "string", "maxLength": 500, "pattern": r"^https?://[^\s/?#]+\S*$"}
        },
        "required": ["url"],
        "additionalProperties": False,
    },
}
CHANNELS = Kind("alert_channel", "alerts.set_channel", "alerts.delete_channel", "alert channel {}")
_VALIDATORS = {name: Draft202012Validator(schema) for name, schema in CHANNEL_SCHEMAS.items()}
_URLS = ("url", "smtp_url")

log = logging.getLogger(__name__)


class AlertChannels:
    """Keeps the channels, and knows the ones in force."""

    def __init__(
        self,
        database: Database,
        repository: AlertChannelRepository,
        secrets: SealedSecrets,
        audit: Audit,
        live: LivePublisher,
        clock: Clock,
        config: AlertsConfig,
    ) -> None:
        self._entries = SealedEntries(CHANNELS, database, repository, secrets, audit, live, clock)
        self._repository = repository
        self._file = config
        self._sealed: Mapping[str, bytes] = {}
        self.config = config
        """What is in force: the file's, and what administrators set up beside it."""

    async def keep_up(self) -> None:
        """Take what was set up meanwhile; without a database what was known stays in force."""
        try:
            sealed = await self._repository.list_sealed()
        except DatabaseUnavailable as error:
            log.info("alert channels not read", extra={"detail": error.detail})
            return
        if sealed != self._sealed:
            self._sealed = sealed
            self.config = self._in_force(sealed)

    async def view(self) -> list[dict[str, Any]]:
        """Return each channel as the API gives it: where it leads, no secret."""
        await self.keep_up()
        return [
            {
                "channel": name,
                "source": self._source(name),
                "leads_to": _leads_to(name, self.config),
            }
            for name in CHANNEL_SCHEMAS
        ]

    async def set(self, name: str, body: Mapping[str, Any], actor: Actor) -> None:
        """Put a channel in force.

        Raises:
            AlertChannelNotFound: there is no such channel.
            KeyManagedElsewhere: the start-up file has it.
            ValidationFailed: every fault.
        """
        self._check(name)
        faults = body_faults(_VALIDATORS[name], body) or list(_address_faults(body))
        if faults:
            raise ValidationFailed(faults)
        await self._entries.put(name, json.dumps(dict(body)), actor)
        await self.keep_up()

    async def delete(self, name: str, actor: Actor) -> None:
        """Forget a channel; one that there is not is forgotten already.

        Raises:
            AlertChannelNotFound, KeyManagedElsewhere: as for :meth:`set`.
        """
        self._check(name)
        await self._entries.forget(name, actor)
        await self.keep_up()

    def _in_force(self, sealed: Mapping[str, bytes]) -> AlertsConfig:
        config = self._file
        wanted = {
            name: box
            for name, box in sealed.items()
            if name in CHANNEL_SCHEMAS and not _is_set(name, self._file)
        }
        for name, text in self._entries.opened(wanted).items():
            config = _with(name, config, json.loads(text))
        return config

    def _source(self, name: str) -> str | None:
        if _is_set(name, self._file):
            return "config"
        return "administrator" if _is_set(name, self.config) else None

    def _check(self, name: str) -> None:
        if name not in CHANNEL_SCHEMAS:
            raise AlertChannelNotFound
        if _is_set(name, self._file):
            raise KeyManagedElsewhere("config")


def _is_set(name: str, config: AlertsConfig) -> bool:
    return bool(
        {
            "telegram": config.telegram_token,
            "email": config.email_to,
            "webhook": config.webhook_url,
        }[name]
    )


def _with(name: str, config: AlertsConfig, body: Mapping[str, Any]) -> AlertsConfig:
    match name:
        case "telegram":
            return replace(config, telegram_token=body["token"], telegram_chat_id=body["chat_id"])
        case "email":
            return replace(
                config,
                email_to=tuple(body["to"]),
                email_from=body.get("from") or config.email_from,
                smtp_url=body.get("smtp_url") or config.smtp_url,
            )
        case _:
            return replace(config, webhook_url=body["url"])


def _leads_to(name: str, config: AlertsConfig) -> str | None:
    """Return where a channel leads; the path of a webhook is as good as a password."""
    if not _is_set(name, config):
        return None
    match name:
        case "telegram":
            return config.telegram_chat_id
        case "email":
            return ", ".join(config.email_to)
        case _:
            return urlsplit(config.webhook_url or "").hostname


def _address_faults(body: Mapping[str, Any]) -> list[Fault]:
    """Return which addresses look like ones and are none."""
    faults = []
    for key in _URLS:
        try:
            parts = urlsplit(body.get(key) or "")
            _ = parts.port
            bad = bool(body.get(key)) and not parts.hostname
        except ValueError:
            bad = True
        if bad:
            faults.append(Fault(f"/{key}", "Is no address."))
    return faults
