"""The FTP server that cameras send to: a user for each slot, and nothing to be had but a place.

Old-fashioned on purpose, for that is what cameras get on with: any folders, any of the
usual commands, active and passive. What has arrived is moved into the slot's ``in/`` the
moment it is complete; half an upload stays for its rest (REST, APPE) for a while. RAW
files and films are taken and thrown away, because a camera that is refused one file
keeps the next ones to itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from photobooth_daemon.config.intake import FtpConfig, users_of
from photobooth_daemon.intake.folders import SlotFolders
from photobooth_daemon.intake.ftp_files import UploadFolder
from photobooth_daemon.intake.ftp_session import Session, TlsSession
from photobooth_daemon.intake.guesses import Guesses

PERMISSIONS = "elamwf"
"""CWD, lists, APPE, MKD, STOR, RNFR and RNTO: no reading, no deleting, no attributes."""
LOGIN_SECONDS = 60
"""How long somebody may be connected without having logged in."""
MOST_CONNECTIONS = 256
MOST_CONNECTIONS_PER_ADDRESS = 16

log = logging.getLogger(__name__)

Arrived = Callable[[str, Path], None]
"""Takes a slot and a finished upload, on the server's thread."""


class FtpIntake:
    """Runs the server on a thread of its own."""

    def __init__(
        self,
        config: FtpConfig,
        slots: Mapping[str, SlotFolders],
        password: Callable[[], str | None],
        arrived: Arrived,
        *,
        max_file_bytes: int,
        min_free_bytes: int,
    ) -> None:
        self._config = config
        self._slots = slots
        self._password = password
        self._arrived = arrived
        self._max_file_bytes = max_file_bytes
        self._min_free_bytes = min_free_bytes
        self._loop = IOLoop()
        self._server: FTPServer | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: the address cannot be used.
        """
        config = self._config
        session = TlsSession if config.tls_cert_file else Session
        attributes: dict[str, Any] = {
            "authorizer": _SlotUsers(self._slots, self._password, Guesses()),
            "abstracted_fs": UploadFolder,
            "arrived": staticmethod(self._arrived),
            "max_file_bytes": self._max_file_bytes,
            "min_free_bytes": self._min_free_bytes,
            "writers": {},
            "banner": "photobooth",
            "passive_ports": range(config.passive_ports.first, config.passive_ports.last + 1),
            "masquerade_address": config.masquerade_address,
            # An active connection goes to where the camera is, and to nobody else.
            "permit_foreign_addresses": False,
            "timeout": LOGIN_SECONDS,
            "auth_failed_timeout": 1,
            "max_login_attempts": 3,
            "use_sendfile": False,
        }
        if config.tls_cert_file is not None:
            attributes |= {
                "certfile": str(config.tls_cert_file),
                "keyfile": str(config.tls_key_file),
                "tls_control_required": config.tls_required,
                "tls_data_required": config.tls_required,
            }
        handler = type("Session", (session,), attributes)
        self._server = FTPServer((config.host, config.port), handler, ioloop=self._loop)
        self._server.max_cons = MOST_CONNECTIONS
        self._server.max_cons_per_ip = MOST_CONNECTIONS_PER_ADDRESS
        port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="ftp", daemon=True)
        self._thread.start()
        return port

    def is_alive(self) -> bool:
        """Return whether the server's thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Close the port and every connection; half an upload stays for its rest."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(5.0)

    def _serve(self) -> None:
        assert self._server is not None
        try:
            while not self._stopping:
                self._loop.loop(timeout=0.5, blocking=False)
        except Exception:
            log.exception("the FTP server has ended")
        finally:
            self._server.close_all()


class _SlotUsers(DummyAuthorizer):  # type: ignore[misc]
    """``slot-001`` or ``s1``, with the ingest password."""

    def __init__(
        self,
        slots: Mapping[str, SlotFolders],
        password: Callable[[], str | None],
        guesses: Guesses,
    ) -> None:
        super().__init__()
        self._password = password
        self.guesses = guesses
        self._slots: dict[str, str] = {}
        for slot_id, folders in slots.items():
            for user in users_of(slot_id):
                self._slots[user] = slot_id
                self.user_table[user] = {
                    "pwd": "", "home": str(folders.ftp), "perm": PERMISSIONS, "operms": {},
                    "msg_login": "Ready.", "msg_quit": "Goodbye.",
                }  # fmt: skip

    def slot_of(self, username: str) -> str:
        """Return the slot that a user stands for."""
        return self._slots[username]

    def validate_authentication(self, username: str, password: str, handler: Any) -> None:
        """Let the right password in, whoever has guessed before.

        Raises:
            AuthenticationFailed: it is wrong, or there is no such user.
        """
        is_right = self.guesses.is_right(password, self._password())
        if is_right and self.has_user(username):
            return
        self.guesses.wrong(handler.remote_ip)
        log.warning(
            "a login is refused", extra={"user": username, "client_address": handler.remote_ip}
        )
        raise AuthenticationFailed("Wrong user or password.")
