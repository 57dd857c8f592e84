"""The start-up configuration: one TOML file and its environment, typed, all faults at once.

Every key is also read from ``PHOTOBOOTH_SECTION__KEY``
(``PHOTOBOOTH_PROVIDERS__GEMINI__BASE_URL``), which wins over the file. Secrets
come from a systemd credential, a ``*_file`` key or the environment; they never
print (``repr=False``).
"""

from __future__ import annotations

import os
import re
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from photobooth_daemon.config.database_hosts import hosts_of
from photobooth_daemon.config.intake import IntakeConfig, read_intake
from photobooth_daemon.config.media import MediaConfig, read_media
from photobooth_daemon.config.values import Reader, parse_listen_address
from photobooth_daemon.errors import ConfigError, Fault
from photobooth_daemon.model.provider_config import ProviderConfig

DEFAULT_CONFIG_PATH = Path("/etc/photobooth-daemon/photobooth.toml")
CREDENTIALS_DIR = Path("/etc/photobooth-daemon/credentials")
RUNNING_CREDENTIALS_DIR = Path("/run/credentials")
DEFAULT_STATE_DIR = Path("/var/lib/photobooth-daemon")
ENVIRONMENT_PREFIX = "PHOTOBOOTH_"
EMBEDDED = "embedded"
COPY, LEAVE = "copy", "leave"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to accept connections: a host and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """``[server]``: how the daemon is reached."""

    listen: ListenAddress = ListenAddress("127.0.0.1", 8080)
    host_name: str = field(default_factory=socket.gethostname)
    public_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    metrics_from: tuple[str, ...] = ()
    accel_redirect: str | None = None
    processes: int = 1
    drain_notice_seconds: float = 0.0
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    store_reserve_seconds: float = 1.0
    jwt_key_file: Path = DEFAULT_STATE_DIR / "jwt.key"
    audit_key_file: Path | None = None
    secrets_key_file: Path | None = None
    prices_file: Path | None = None


@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """``[database]``: where the truth is; ``embedded`` runs a private server."""

    url: str = field(default="postgresql:///photobooth?host=/var/run/postgresql", repr=False)
    pool_size: int = 8


@dataclass(frozen=True, slots=True)
class AlertsConfig:
    """``[alerts]``: who is told from the daemon itself."""

    webhook_url: str | None = field(default=None, repr=False)
    telegram_token: str | None = field(default=None, repr=False)
    telegram_chat_id: str | None = None
    email_to: tuple[str, ...] = ()
    email_from: str | None = None
    smtp_url: str | None = field(default=None, repr=False)
    heartbeat_url: str | None = field(default=None, repr=False)
    telegram_api_url: str = "https://api.telegram.org"
    repeat_hours: float = 4.0
    heartbeat_seconds: float = 60.0

    @property
    def configured(self) -> bool:
        """Return whether anyone is told at all."""
        telegram = self.telegram_token and self.telegram_chat_id
        return bool(self.webhook_url or telegram or self.email_to)


@dataclass(frozen=True, slots=True)
class LoggingConfig:
    """``[logging]``: how much is logged and in which form."""

    level: str = "info"
    format: str = "json"


@dataclass(frozen=True, slots=True)
class BackupConfig:
    """``[backup]``: where backups are made, and how many are kept."""

    directory: Path = DEFAULT_STATE_DIR / "backups"
    keep: int = 7
    seal_key_file: Path | None = None
    media: str = LEAVE
    """What becomes of pictures in a bucket; files are always copied."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole start-up configuration."""

    server: ServerConfig = ServerConfig()
    database: DatabaseConfig = DatabaseConfig()
    media: MediaConfig = field(default_factory=MediaConfig)
    providers: Mapping[str, ProviderConfig] = field(default_factory=dict)
    alerts: AlertsConfig = AlertsConfig()
    logging: LoggingConfig = LoggingConfig()
    backup: BackupConfig = BackupConfig()
    intake: IntakeConfig = field(default_factory=IntakeConfig)
    path: Path = DEFAULT_CONFIG_PATH
    """The file that it was read from, whether or not there is one."""

    @property
    def state_dir(self) -> Path:
        """Return the directory that holds the signing key; private files live beside it."""
        return self.server.jwt_key_file.parent

    @property
    def audit_key_file(self) -> Path:
        """Return the file of the audit log's key, by default beside the signing key."""
        return self.server.audit_key_file or self.server.jwt_key_file.with_name("audit.key")

    @property
    def secrets_key_file(self) -> Path:
        """Return the file of the key that opens providers' keys, by default beside the others."""
        return self.server.secrets_key_file or self.server.jwt_key_file.with_name("secrets.key")

    @property
    def seal_key_file(self) -> Path:
        """Return the file of the key that seals backups, by default beside the signing key."""
        return self.backup.seal_key_file or self.server.jwt_key_file.with_name("backup.key")


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Return the configuration of ``path`` (default: the system's file, if there is one).

    Raises:
        ConfigError: every fault found, each with its key path.
    """
    environment = os.environ if environment is None else environment
    values, origin = _merge(_read_file(path), environment)
    reader = Reader(values, origin, credentials_dir=_credentials_dir(environment))
    config = Config(
        server=_read_server(reader),
        database=_read_database(reader),
        media=read_media(reader),
        providers=_read_providers(reader),
        alerts=_read_alerts(reader),
        logging=_read_logging(reader),
        backup=_read_backup(reader),
        intake=read_intake(reader),
        path=path or DEFAULT_CONFIG_PATH,
    )
    reader.finish()
    return config


def _read_server(reader: Reader) -> ServerConfig:
    default = ServerConfig()
    section = reader.section("server")
    host, port = section.parsed(
        "listen", parse_listen_address, (default.listen.host, default.listen.port)
    )
    config = ServerConfig(
        listen=ListenAddress(host, port),
        host_name=section.text("host_name") or default.host_name,
        public_url=section.url("public_url"),
        trusted_proxies=section.networks("trusted_proxies"),
        metrics_from=section.networks("metrics_from"),
        accel_redirect=section.text("accel_redirect"),
        processes=section.integer("processes", default.processes, 1, 64),
        drain_notice_seconds=section.number(
            "drain_notice_seconds", default.drain_notice_seconds, 0.0, 10.0
        ),
        tls_cert_file=section.existing_file("tls_cert_file"),
        tls_key_file=section.existing_file("tls_key_file"),
        store_reserve_seconds=section.number(
            "store_reserve_seconds", default.store_reserve_seconds, 0.2, 5.0
        ),
        jwt_key_file=section.path("jwt_key_file", default.jwt_key_file),
        audit_key_file=section.optional_path("audit_key_file"),
        secrets_key_file=section.optional_path("secrets_key_file"),
        prices_file=section.existing_file("prices_file"),
    )
    if (config.tls_cert_file is None) != (config.tls_key_file is None):
        section.fault(
            "tls_key_file", "tls_cert_file and tls_key_file must be set together or not at all"
        )
    if config.audit_key_file == config.jwt_key_file:
        section.fault("audit_key_file", "must be another file than jwt_key_file")
    if not re.fullmatch(r"/([\w.-]+/)*", config.accel_redirect or "/"):
        section.fault("accel_redirect", "must be a path that begins and ends with a slash")
    return config


def _read_database(reader: Reader) -> DatabaseConfig:
    default = DatabaseConfig()
    section = reader.section("database")
    url, _ = section.secret("url", credential="database_url", allow_inline=True)
    if url is not None and url != EMBEDDED and not url.startswith(("postgresql://", "postgres://")):
        section.fault("url", 'must be "embedded" or start with postgresql://')
    elif url is not None and url != EMBEDDED:
        try:
            hosts_of(url)
        except ValueError as error:
            section.fault("url", str(error))
    return DatabaseConfig(
        url=url or default.url, pool_size=section.integer("pool_size", default.pool_size, 2, 100)
    )


def _read_providers(reader: Reader) -> dict[str, ProviderConfig]:
    providers = {}
    for name in sorted({*reader.tables("providers"), *reader.credentials_ending("_api_key")}):
        section = reader.section("providers", name)
        api_key, source = section.secret("api_key", credential=f"{name}_api_key", allow_inline=True)
        providers[name] = ProviderConfig(
            name=name,
            base_url=section.url("base_url"),
            api_key=api_key,
            api_key_source=source,
            proxy=section.url("proxy"),
            local=section.boolean("local", False),
        )
    return providers


def _read_alerts(reader: Reader) -> AlertsConfig:
    default = AlertsConfig()
    section = reader.section("alerts")
    config = AlertsConfig(
        webhook_url=section.secret_url("webhook_url", credential="alerts_webhook_url"),
        telegram_token=section.secret("telegram_token", credential="telegram_token")[0],
        telegram_chat_id=section.text("telegram_chat_id"),
        email_to=section.texts("email_to"),
        email_from=section.text("email_from"),
        smtp_url=section.secret("smtp_url", credential="smtp_url", allow_inline=True)[0],
        heartbeat_url=section.secret_url("heartbeat_url", credential="alerts_heartbeat_url"),
        telegram_api_url=section.url("telegram_api_url") or default.telegram_api_url,
        repeat_hours=section.number("repeat_hours", default.repeat_hours, 0.1, 168.0),
        heartbeat_seconds=section.number("heartbeat_seconds", default.heartbeat_seconds, 1, 3600),
    )
    if (config.telegram_token is None) != (config.telegram_chat_id is None):
        section.fault(
            "telegram_chat_id",
            "telegram_token and telegram_chat_id must be set together or not at all",
        )
    if config.smtp_url and urlsplit(config.smtp_url).scheme not in ("smtp", "smtps"):
        section.fault("smtp_url", "must start with smtp:// or smtps://")
    return config


def _read_logging(reader: Reader) -> LoggingConfig:
    default = LoggingConfig()
    section = reader.section("logging")
    return LoggingConfig(
        level=section.choice("level", default.level, ("debug", "info", "warning", "error")),
        format=section.choice("format", default.format, ("json", "text")),
    )


def _read_backup(reader: Reader) -> BackupConfig:
    default = BackupConfig()
    section = reader.section("backup")
    config = BackupConfig(
        directory=section.path("directory", default.directory),
        keep=section.integer("keep", default.keep, 1, 1000),
        seal_key_file=section.optional_path("seal_key_file"),
        media=section.choice("media", default.media, (COPY, LEAVE)),
    )
    if config.seal_key_file and config.seal_key_file.is_relative_to(config.directory):
        section.fault("seal_key_file", "must not be where the backups are")
    return config


def _read_file(path: Path | None) -> dict[str, Any]:
    """Return the file's tables; a path that was asked for has to be readable."""
    chosen = path or DEFAULT_CONFIG_PATH
    try:
        return tomllib.loads(chosen.read_text("utf-8"))
    except FileNotFoundError as error:
        if path is None:
            return {}
        raise ConfigError([Fault(str(chosen), "there is no such file")]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            [Fault(str(chosen), f"cannot be read ({type(error).__name__})")]
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Fault(str(chosen), f"is not TOML: {error}")]) from error


def _merge(
    values: dict[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Lay the environment over the file; return the values and where each came from."""
    origin: dict[str, str] = {}
    for name, text in environment.items():
        keys = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if not name.startswith(ENVIRONMENT_PREFIX) or len(keys) < 2:
            continue
        table = values
        for key in keys[:-1]:
            inner = table.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ConfigError([Fault(name, f"{key} is not a table")])
            table = inner
        table[keys[-1]] = text
        origin[".".join(keys)] = name
    return values, origin


def _credentials_dir(environment: Mapping[str, str]) -> Path | None:
    """Return systemd's credentials directory (systemd.exec(5), CREDENTIALS)."""
    directory = environment.get("CREDENTIALS_DIRECTORY")
    return Path(directory) if directory else None
