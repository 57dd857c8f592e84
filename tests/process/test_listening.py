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


def test_processes_take_turns_at_a_burst() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as held:
        clients = [socket.create_connection(held.getsockname(), timeout=10) for _ in range(3)]
        (adopted,) = listening.adopt([os.dup(held.fileno())])
        with adopted:
            for _ in range(3):
                connection, _ = adopted.accept()
                connection.close()
                with pytest.raises(BlockingIOError):
                    adopted.accept()
            with pytest.raises(BlockingIOError):
                adopted.accept()
            assert not adopted.get_inheritable()
        for client in clients:
            client.close()
