"""The listening sockets: taken over from whoever holds the port, or opened here.

A socket that systemd or the supervisor holds outlives the process, so clients
that connect between two processes wait in its queue. It is only ever closed:
``shutdown()`` would end it for everybody.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping, Sequence

from tornado.netutil import bind_sockets

from photobooth_daemon.config.start_up import ListenAddress
from photobooth_daemon.errors import ConfigError, Fault

FIRST_SYSTEMD_FD = 3
BACKLOG = 1024


def take_from_systemd(environment: MutableMapping[str, str]) -> list[socket.socket]:
    """Return the sockets that systemd passed to this process (sd_listen_fds(3)), none if none."""
    pid, number = environment.pop("LISTEN_PID", None), environment.pop("LISTEN_FDS", None)
    environment.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or number is None:
        return []
    return adopt(range(FIRST_SYSTEMD_FD, FIRST_SYSTEMD_FD + int(number)))


def adopt(descriptors: Sequence[int]) -> list[socket.socket]:
    """Return inherited descriptors as listening sockets, which children do not inherit."""
    sockets: list[socket.socket] = []
    for descriptor in descriptors:
        adopted = socket.socket(fileno=descriptor)
        adopted.set_inheritable(False)
        adopted.setblocking(False)
        sockets.append(adopted)
    return sockets


def bind(address: ListenAddress) -> list[socket.socket]:
    """Open the configured address.

    Raises:
        ConfigError: it is taken, or not this machine's.
    """
    try:
        return bind_sockets(address.port, address.host, backlog=BACKLOG)
    except OSError as error:
        message = f"cannot listen on {address.host}:{address.port}: {error.strerror}"
        raise ConfigError([Fault("server.listen", message)]) from error
