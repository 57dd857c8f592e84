"""The connection that an upload comes by: its end is told only when the photo has a place."""

from __future__ import annotations

import errno
import logging
import os
import sys
from typing import Any

from pyftpdlib.handlers import DTPHandler, TLS_DTPHandler

from photobooth_daemon.intake.ftp_files import Received

STALLED_SECONDS = 60
BROKEN = frozenset({(errno.ECONNRESET,), (errno.ECONNABORTED,), (errno.EPIPE,), (errno.ETIMEDOUT,)})

log = logging.getLogger(__name__)


def answer_to(fault: OSError) -> str:
    """Return what a camera hears, and can show, of why its photo was not taken."""
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return "452 The disk is full: the photo was not taken."
    if fault.errno == errno.EFBIG:
        return "552 The file is larger than is taken."
    return f"451 {os.strerror(fault.errno or errno.EIO)}: the photo was not taken."


def _is_broken() -> bool:
    """Return whether a connection is being closed because it broke.

    pyftpdlib calls that an end, too; it handles the error while it closes.
    """
    error = sys.exc_info()[1]
    return error is not None and error.args[:1] in BROKEN


class _Receiving:
    """What both kinds of data connection do with an upload."""

    timeout = STALLED_SECONDS
    cmd_channel: Any
    file_obj: Received | Any
    receive: bool
    transfer_finished: bool
    _resp: tuple[Any, ...]

    def enable_receiving(self, type: str, cmd: str) -> None:  # noqa: A002 - pyftpdlib's name
        """Take the bytes as they are: a photo is no text, whatever TYPE was said, or was not."""
        super().enable_receiving("i", cmd)  # type: ignore[misc]

    def handle_error(self) -> None:
        """Say why a file cannot be written; everything else is pyftpdlib's."""
        if not self.receive or self.file_obj is None or self.file_obj.fault is None:
            super().handle_error()  # type: ignore[misc]
            return
        self.give_up(answer_to(self.file_obj.fault))

    def give_up(self, answer: str) -> None:
        """Close the connection with this answer; the upload has not arrived."""
        self.transfer_finished = False
        self._resp = (answer, log.info)
        self.close()

    def close(self) -> None:
        """Hand on what has arrived, then close and answer."""
        if self.receive and self.file_obj is not None and not self.file_obj.closed:
            self._end(self.file_obj)
        super().close()  # type: ignore[misc]

    def _end(self, received: Received) -> None:
        received.close()
        fault = received.fault
        if fault is None and self.transfer_finished:
            try:
                if not self.cmd_channel.take_up(received) and _is_broken():
                    self._resp = ("426 The connection broke: send the photo anew.", log.info)
            except OSError as error:
                fault = error
        if fault is not None and self._resp:
            self.transfer_finished = False
            self._resp = (answer_to(fault), log.info)
            log.warning(
                "an upload was not taken: %s",
                fault.strerror or fault,
                extra={
                    "photo": os.path.basename(received.name),
                    "client_address": self.cmd_channel.remote_ip,
                },
            )


class Data(_Receiving, DTPHandler):  # type: ignore[misc]
    """A data connection in clear."""


class TlsData(_Receiving, TLS_DTPHandler):  # type: ignore[misc]
    """A data connection that may be encrypted."""

    def readable(self) -> bool:
        """Let a handshake begin before STOR: newer pyftpdlibs do, that of Debian 12 closes."""
        return bool(self._ssl_accepting or super().readable())
