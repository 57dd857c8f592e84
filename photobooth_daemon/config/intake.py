"""``[intake]``: how photos come in from cameras that cannot post, and where their pictures go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from photobooth_daemon.config.values import Reader, Section, parse_listen_address
from photobooth_daemon.model.slot_ids import SLOT_IDS
from photobooth_daemon.model.units import MB

DEFAULT_FOLDER = Path("/var/lib/photobooth-intake")
WATCHES = ("inotify", "poll")


@dataclass(frozen=True, slots=True)
class PortRange:
    """The ports of passive FTP, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FtpConfig:
    """The FTP server; without ``listen`` there is none."""

    host: str = "0.0.0.0"  # noqa: S104 - cameras come over the LAN; the intake is off by default
    port: int = 2121
    enabled: bool = True
    passive_ports: PortRange = PortRange(50000, 50099)
    masquerade_address: str | None = None
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    tls_required: bool = False


@dataclass(frozen=True, slots=True)
class IntakeConfig:
    """The whole section; ``copy_to`` is the second folder that results are laid into."""

    folder: Path = DEFAULT_FOLDER
    slots: tuple[str, ...] = SLOT_IDS
    server: str = "http://127.0.0.1:8080"
    password: str | None = field(default=None, repr=False)
    watch: str = "inotify"
    poll_seconds: float = 1.0
    settle_seconds: float = 1.0
    at_once_per_slot: int = 4
    max_file_mb: int = 50
    min_free_mb: int = 256
    keep_done_hours: float = 24.0
    copy_to: Path | None = None
    status_host: str = "127.0.0.1"
    status_port: int = 8089
    stuck_minutes: float = 5.0
    ftp: FtpConfig = FtpConfig()

    @property
    def is_wanted(self) -> bool:
        """Return whether somebody has given it what it cannot do without: the password."""
        return self.password is not None

    @property
    def max_file_bytes(self) -> int:
        """Return the largest file that is taken up."""
        return self.max_file_mb * MB


def users_of(slot_id: str) -> tuple[str, str]:
    """Return the names that a camera may log in by, the shorter one last."""
    return slot_id, f"s{int(slot_id.rpartition('-')[2])}"


def read_intake(reader: Reader) -> IntakeConfig:
    """Return the section; its faults are the reader's to tell."""
    default = IntakeConfig()
    section = reader.section("intake")
    status_host, status_port = section.parsed(
        "status_listen", parse_listen_address, (default.status_host, default.status_port)
    )
    slots = section.texts("slots") or default.slots
    for unknown in sorted(set(slots) - set(SLOT_IDS)):
        section.fault("slots", f"{unknown!r} is no slot; they are slot-001 to slot-015")
    copy_to = section.text("copy_to")
    return IntakeConfig(
        folder=section.path("folder", default.folder),
        slots=tuple(slot for slot in SLOT_IDS if slot in slots),
        server=section.url("server") or default.server,
        password=section.secret("password", credential="ingest_password")[0],
        watch=section.choice("watch", default.watch, WATCHES),
        poll_seconds=section.number("poll_seconds", default.poll_seconds, 0.1, 60.0),
        settle_seconds=section.number("settle_seconds", default.settle_seconds, 0.1, 60.0),
        at_once_per_slot=section.integer("at_once_per_slot", default.at_once_per_slot, 1, 30),
        max_file_mb=section.integer("max_file_mb", default.max_file_mb, 1, 500),
        min_free_mb=section.integer("min_free_mb", default.min_free_mb, 0, 1_000_000),
        keep_done_hours=section.number("keep_done_hours", default.keep_done_hours, 0.0, 8760.0),
        copy_to=section.path("copy_to", Path("/")) if copy_to else None,
        status_host=status_host,
        status_port=status_port,
        stuck_minutes=section.number("stuck_minutes", default.stuck_minutes, 0.1, 1440.0),
        ftp=_read_ftp(section),
    )


def _read_ftp(section: Section) -> FtpConfig:
    default = FtpConfig()
    host, port = section.parsed("ftp_listen", parse_listen_address, (default.host, default.port))
    config = FtpConfig(
        host=host,
        port=port,
        enabled=section.boolean("ftp", default.enabled),
        passive_ports=section.parsed("ftp_passive_ports", _port_range, default.passive_ports),
        masquerade_address=section.text("ftp_masquerade_address"),
        tls_cert_file=section.existing_file("ftp_tls_cert_file"),
        tls_key_file=section.existing_file("ftp_tls_key_file"),
        tls_required=section.boolean("ftp_tls_required", default.tls_required),
    )
    if (config.tls_cert_file is None) != (config.tls_key_file is None):
        section.fault(
            "ftp_tls_key_file",
            "ftp_tls_cert_file and ftp_tls_key_file must be set together or not at all",
        )
    if config.tls_required and config.tls_cert_file is None:
        section.fault("ftp_tls_required", "needs ftp_tls_cert_file and ftp_tls_key_file")
    return config


def _port_range(text: str) -> PortRange:
    first, separator, last = text.partition("-")
    try:
        ports = PortRange(int(first), int(last if separator else first))
    except ValueError:
        ports = PortRange(0, 0)
    if not 1024 <= ports.first <= ports.last <= 65535:
        raise ValueError("must be a range of ports from 1024 on, such as 50000-50099")
    return ports
