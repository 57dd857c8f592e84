"""Builds what the daemon and each command stand on: configuration, keys, database, files."""

from __future__ import annotations

from dataclasses import dataclass

from photobooth_daemon.administration.audit_key import load_audit_key
from photobooth_daemon.administration.restart import NextStart
from photobooth_daemon.administration.signing_key import load_signing_key
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.start_up import Config
from photobooth_daemon.database.pool import Database
from photobooth_daemon.live.publish import LivePublisher
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.repositories.live_messages import LiveMessageRepository


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of this installation that sign sessions and seal the audit log's end."""

    signing: bytes
    audit: bytes

    @classmethod
    def load(cls, config: Config) -> Keys:
        """Return them, each made where it is missing.

        Raises:
            ConfigError: a key file cannot be used.
        """
        # In this order: a signing key that is there tells of a log that was begun without its own.
        audit = load_audit_key(config.audit_key_file, config.server.jwt_key_file)
        return cls(load_signing_key(config.server.jwt_key_file), audit)


@dataclass(frozen=True, slots=True)
class Foundation:
    """What is there before any service is; whoever opened database and store closes them."""

    config: Config
    keys: Keys
    database: Database
    media_store: MediaStore
    live: LivePublisher
    schemas: ParamSchemas
    clock: Clock
    next_start: NextStart | None
    """None where there is none: of a command, say."""


def build_foundation(
    config: Config,
    keys: Keys,
    database: Database,
    media_store: MediaStore,
    clock: Clock,
    next_start: NextStart | None = None,
) -> Foundation:
    """Return it, on an open database and an open store."""
    return Foundation(
        config=config,
        keys=keys,
        database=database,
        media_store=media_store,
        live=LivePublisher(LiveMessageRepository(database), clock),
        schemas=ParamSchemas.installed(),
        clock=clock,
        next_start=next_start,
    )
