"""Builds what an installation is looked after with: alerts, backups, cleanups, a restart."""

from __future__ import annotations

from functools import partial

import aiohttp

from photobooth_daemon.administration.alert_channels import AlertChannels
from photobooth_daemon.administration.restart import Restarts
from photobooth_daemon.administration.sealed import SealedSecrets
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.app.media import bucket_of
from photobooth_daemon.clock import Clock
from photobooth_daemon.config.start_up import COPY, Config
from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.backup.backup import Backup, Source
from photobooth_daemon.housekeeping.build import build_housekeeping
from photobooth_daemon.housekeeping.on_demand import OnDemand
from photobooth_daemon.media.store import MediaStore
from photobooth_daemon.monitoring.alerts.maintenance import Maintenance
from photobooth_daemon.monitoring.alerts.trial import AlertTrial
from photobooth_daemon.repositories.alert_channels import AlertChannelRepository
from photobooth_daemon.repositories.alerts import AlertRepository
from photobooth_daemon.repositories.backups import BackupRepository
from photobooth_daemon.repositories.cleanup import CleanupRepository
from photobooth_daemon.repositories.processes import ProcessRepository
from photobooth_daemon.web.services import Upkeep


def build_upkeep(
    foundation: Foundation, administration: Administration, http: aiohttp.ClientSession
) -> Upkeep:
    """Return what is done on demand and what alerts are told by.

    Raises:
        ConfigError: the file of the key that seals channels cannot be used.
    """
    config, database, clock = foundation.config, foundation.database, foundation.clock
    audit, media_store = administration.audit, foundation.media_store
    channels = build_alert_channels(foundation, administration)
    backup_runs, cleanup_runs = BackupRepository(database), CleanupRepository(database)
    backup = build_backup(config, database, media_store, clock, media=config.backup.media)
    housekeeping = build_housekeeping(
        database, media_store, administration.heads, foundation.live, clock
    )
    return Upkeep(
        channels,
        AlertTrial(channels, administration.settings, administration.public_address, http, clock),
        OnDemand(
            "backup",
            database,
            audit,
            work=partial(backup.run, config.backup.directory, config.backup.keep),
            is_at_work=backup_runs.is_at_work,
            find_last=backup_runs.find_last,
        ),
        OnDemand(
            "cleanup",
            database,
            audit,
            work=housekeeping.cleanup.run,
            is_at_work=cleanup_runs.is_at_work,
            find_last=cleanup_runs.find_last_run,
            is_short=True,
        ),
        Maintenance(database, AlertRepository(database), audit, clock),
        Restarts(
            database,
            ProcessRepository(database),
            administration.freeze,
            audit,
            clock,
            foundation.next_start,
        ),
    )


def build_alert_channels(foundation: Foundation, administration: Administration) -> AlertChannels:
    """Return what keeps the alert channels.

    Raises:
        ConfigError: the file of the key that seals them cannot be used.
    """
    return AlertChannels(
        foundation.database,
        AlertChannelRepository(foundation.database),
        SealedSecrets.of_file(foundation.config.secrets_key_file),
        administration.audit,
        foundation.live,
        foundation.clock,
        foundation.config.alerts,
    )


def build_backup(
    config: Config, database: Database, media_store: MediaStore, clock: Clock, *, media: str
) -> Backup:
    """Return what backs the installation up; ``media`` tells what becomes of a bucket."""
    return Backup(
        backup_source(config, database),
        BackupRepository(database),
        clock,
        bucket=bucket_of(media_store) if media == COPY else None,
    )


def backup_source(config: Config, database: Database) -> Source:
    """Return what of this installation is backed up."""
    return Source(
        database_url=database.url,
        media_root=config.media.root if config.media.has_files else None,
        bucket=config.media.bucket,
        key_file=config.server.jwt_key_file,
        audit_key_file=config.audit_key_file,
        config_file=config.path,
        seal_key_file=config.seal_key_file,
    )
