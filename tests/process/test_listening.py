"""Sockets from systemd, from the supervisor and of our own."""

from __future__ import annotations

import os
import socket

import pytest

from photobooth_daemon.config.start_up import ListenAddress
from photobooth_daemon.errors import ConfigError
from photobooth_daemon.process import listening


def test_an_address_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"cannot listen on 127.0.0.1:{port}"):
            listening.bind(ListenAddress("127.0.0.1", port))


def test_a_free_address_is_bound() -> None:
    (bound,) = listening.bind(ListenAddress("127.0.0.1", 0))
    with bound, socket.create_connection(bound.getsockname(), timeout=10):
        connection, _ = bound.accept()
        connection.close()


def test_sockets_passed_to_another_process_are_not_ours() -> None:
    environment = {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x"}
    assert listening.take_from_systemd(environment) == []
    assert environment == {}


def test_an_inherited_socket_is_not_inherited_further() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        (adopted,) = listening.adopt([os.dup(held.fileno())])
        with adopted:
            assert not adopted.get_inheritable()
            with pytest.raises(BlockingIOError):
                adopted.accept()
