"""One camera's FTP connection: what it may say, and how long it may stay."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop

from photobooth_daemon.intake.ftp_data import Data, TlsData
from photobooth_daemon.intake.ftp_files import Received, UploadFolder, is_picture, is_raw
from photobooth_daemon.intake.photo_files import is_whole

IDLE_SECONDS = 12 * 3600
"""A camera keeps its connection for an evening, and says NOOP now and then."""
ALIVE_AFTER_SECONDS, ALIVE_EVERY_SECONDS, ALIVE_TRIES = 60, 15, 4
"""Wi-Fi drops connections without a word: those that nobody answers on are closed in two minutes,
or they would use up what one address may have."""
REMEMBERED_UPLOADS = 50

log = logging.getLogger(__name__)


class _Uploads:
    """What both kinds of session do: hand on what is complete."""

    authorizer: Any
    arrived: Callable[[str, Path], None]
    max_file_bytes: int
    min_free_bytes: int
    writers: dict[str, Any]
    """Who writes to which upload now, all sessions together."""
    username: str
    remote_ip: str
    timeout: float
    fs: UploadFolder
    socket: Any
    ioloop: IOLoop
    data_channel: Any
    respond: Callable[..., None]
    add_channel: Callable[[], None]
    del_channel: Callable[[], None]
    handle_timeout: Callable[[], None]
    handle_error: Callable[[], None]
    _in_dtp_queue: Any
    _restart_position: int
    _idler: Any
    _closed: bool

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.uploaded: OrderedDict[str, int] = OrderedDict()
        with contextlib.suppress(OSError):  # it has left already
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self.socket.setsockopt(socket.SOL_TCP, socket.TCP_KEEPIDLE, ALIVE_AFTER_SECONDS)
            self.socket.setsockopt(socket.SOL_TCP, socket.TCP_KEEPINTVL, ALIVE_EVERY_SECONDS)
            self.socket.setsockopt(socket.SOL_TCP, socket.TCP_KEEPCNT, ALIVE_TRIES)

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        """Refuse what no name and no command has: it would end up in answers and folders."""
        if any(character < " " or character == "\x7f" for character in line):
            self.respond("501 No control characters, please.")
            return
        super().pre_process_command(line, cmd, arg)  # type: ignore[misc]

    def ftp_PASS(self, line: str) -> None:  # noqa: N802 - pyftpdlib's name for the command
        """Look at a password when the address's turn has come: at once, where it has guessed none.

        Meanwhile nothing more is read from the connection.
        """
        seconds = self.authorizer.guesses.wait_seconds(self.remote_ip)
        if not seconds:
            super().ftp_PASS(line)  # type: ignore[misc]
            return
        self.del_channel()

        def look() -> None:
            if not self._closed:
                self.add_channel()
                super(_Uploads, self).ftp_PASS(line)  # type: ignore[misc]

        self.ioloop.call_later(seconds, look, _errback=self.handle_error)

    def on_login(self, username: str) -> None:
        """Let the connection stay open for the evening, after each photo too."""
        self.timeout = IDLE_SECONDS
        self._idler.cancel()
        self._idler = self.ioloop.call_later(
            IDLE_SECONDS, self.handle_timeout, _errback=self.handle_error
        )

    def ftp_STOR(self, file: str, mode: str = "w") -> str | None:  # noqa: N802
        """Take a file, or say before it is sent that there is no place for it."""
        why_not = self.fs.why_not(file)
        if why_not is not None:
            self._restart_position = 0
            self.respond(why_not)
            log.warning(
                "an upload is refused: %s",
                why_not,
                extra={"photo": os.path.basename(file), "client_address": self.remote_ip},
            )
            return None
        stored: str | None = super().ftp_STOR(file, mode)  # type: ignore[misc]
        return stored

    def ftp_STOU(self, line: str) -> None:  # noqa: N802
        """Refuse a name of the server's choosing: no camera asks for one, and it has no limits."""
        self.respond("502 Say STOR and a name.")

    def leave_to_other(self, file: str) -> None:
        """Write to an upload no more: another connection of the same camera sends it anew."""
        data, queued = self.data_channel, self._in_dtp_queue
        if data is not None and data.file_obj is not None and data.file_obj.name == file:
            data.give_up("426 The same file is sent anew.")
        elif queued is not None and queued[0].name == file:
            self._in_dtp_queue = None
            queued[0].close()

    def take_up(self, received: Received) -> bool:
        """Hand a finished upload on, or say in the log why not; return whether it is whole.

        Raises:
            OSError: it cannot be moved to where photos wait.
        """
        file = received.name
        if is_raw(file):
            self._remember(file, received.size_bytes)
            log.warning(
                "a RAW file or film is thrown away: let the camera send JPEG",
                extra={
                    "slot_id": self.authorizer.slot_of(self.username),
                    "photo": os.path.basename(file),
                    "client_address": self.remote_ip,
                },
            )
        elif is_picture(file):
            return self.hand_on(file)
        else:
            # Under a name that is not its last one, most likely: RNTO hands it on.
            log.info("an upload waits for its name", extra={"photo": os.path.basename(file)})
        return True

    def hand_on(self, file: str) -> bool:
        """Move a picture to where photos wait; half a one stays for its rest: False.

        Raises:
            OSError: it cannot be moved.
        """
        if not is_whole(Path(file)):
            # A connection that broke can look like one that ended.
            self.on_incomplete_file_received(file)
            return False
        size_bytes = os.path.getsize(file)
        self.arrived(self.authorizer.slot_of(self.username), Path(file))
        self._remember(file, size_bytes)
        return True

    def _remember(self, file: str, size_bytes: int) -> None:
        """Know a file's size for those who ask for it afterwards."""
        self.uploaded[file] = size_bytes
        while len(self.uploaded) > REMEMBERED_UPLOADS:
            self.uploaded.popitem(last=False)

    def on_incomplete_file_received(self, file: str) -> None:
        """Keep half an upload for its rest; the camera begins anew or goes on."""
        log.warning(
            "an upload was cut off",
            extra={"photo": os.path.basename(file), "client_address": self.remote_ip},
        )


class Session(_Uploads, FTPHandler):  # type: ignore[misc]
    """One camera's connection."""

    dtp_handler = Data


class TlsSession(_Uploads, TLS_FTPHandler):  # type: ignore[misc]
    """One camera's connection that may be encrypted (AUTH TLS)."""

    dtp_handler = TlsData
    # TLS 1.3 sends tickets on every data connection. A camera that only sends never reads them,
    # and closing with something unread throws away what is still on its way.
    ssl_options = TLS_FTPHandler.ssl_options | SSL.OP_NO_TLSv1_3
