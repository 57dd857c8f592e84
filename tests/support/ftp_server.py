"""The intake's FTP server on a port of this process, with what it would hand to the slots."""

from __future__ import annotations

import ftplib
import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from photobooth_daemon.config.intake import FtpConfig, PortRange
from photobooth_daemon.intake.folders import SlotFolders
from photobooth_daemon.intake.ftp import FtpIntake
from tests.support.intake_process import PASSWORD, SLOT
from tests.support.sample_pictures import corners, jpeg, noise

MAX_FILE_BYTES = 2_000_000


def photo(number: int = 0) -> bytes:
    """Return a photo unlike those of other numbers."""
    return jpeg(corners(40 + number, 30))


def large_photo() -> bytes:
    """Return one that does not fit into one packet, nor into a socket's buffer."""
    return jpeg(noise(1000, 1000))


@dataclass
class FtpServer:
    """``arrived`` has each photo's name and bytes; ``fault`` is raised instead, once."""

    folders: SlotFolders
    port: int = 0
    arrived: list[tuple[str, bytes]] = field(default_factory=list)
    fault: OSError | None = None

    def take(self, slot_id: str, upload: Path) -> None:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        self.arrived.append((upload.name, upload.read_bytes()))
        upload.unlink()

    def camera(self, address: str = "127.0.0.1") -> ftplib.FTP:
        """Log in as a camera that has this address."""
        camera = ftplib.FTP(timeout=20, encoding="latin-1", source_address=(address, 0))
        camera.connect("127.0.0.1", self.port)
        camera.login(SLOT, PASSWORD)
        # The login is answered before the camera's folder is there; the next command is not.
        camera.pwd()
        return camera

    def raw(self, address: str = "127.0.0.1") -> socket.socket:
        """Connect, and say nothing."""
        return socket.create_connection(
            ("127.0.0.1", self.port), timeout=20, source_address=(address, 0)
        )


@contextmanager
def ftp_server(
    root: Path, *, min_free_bytes: int = 0, certificate: tuple[Path, Path] | None = None
) -> Iterator[FtpServer]:
    """Serve one slot until the context ends; with a ``certificate`` and its key by TLS alone."""
    folders = SlotFolders(root, SLOT)
    folders.create()
    opened = FtpServer(folders)
    cert_file, key_file = certificate or (None, None)
    config = FtpConfig(
        host="127.0.0.1",
        port=0,
        passive_ports=PortRange(33_000, 34_000),
        tls_cert_file=cert_file,
        tls_key_file=key_file,
        tls_required=certificate is not None,
    )
    server = FtpIntake(
        config,
        {SLOT: folders},
        lambda: PASSWORD,
        opened.take,
        max_file_bytes=MAX_FILE_BYTES,
        min_free_bytes=min_free_bytes,
    )
    opened.port = server.start()
    try:
        yield opened
    finally:
        server.stop()


def store(camera: ftplib.FTP, name: str, data: bytes) -> str:
    """Send a file and return what the server said."""
    return camera.storbinary(f"STOR {name}", io.BytesIO(data))
