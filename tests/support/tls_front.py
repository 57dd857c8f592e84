"""HAProxy with TLS in front of an object store, as where a studio has one of its own."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.config.media import S3Config
from tests.support.certificates import Authority
from tests.support.daemons import until
from tests.support.haproxy import HAPROXY

DOMAIN = "store.test"
"""What the object store of the tests takes for its own name; buckets are below it."""
CONFIG = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen store
    bind 127.0.0.1:{port} ssl crt {certificate}
    server store {address}
"""


class TlsFront:
    """A TLS port that leads to the store at ``endpoint``, under a certificate of its own."""

    def __init__(self, directory: Path, endpoint: str) -> None:
        if HAPROXY is None:
            message = "haproxy is not installed: apt-get install haproxy"
            pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
        self._directory = directory
        self._address = endpoint.removeprefix("http://")
        self._process: subprocess.Popen[bytes] | None = None
        self.authority = Authority(directory)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]

    def start(self, certificate: Path) -> None:
        """Answer under this certificate."""
        path = self._directory / "haproxy.cfg"
        path.write_text(
            CONFIG.format(port=self.port, certificate=certificate, address=self._address)
        )
        self._process = subprocess.Popen(
            [str(HAPROXY), "-db", "-f", str(path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._listens)

    def config(self, bucket: S3Config, **changed: Any) -> S3Config:
        """Return how a bucket of the store is reached through here."""
        there = {"endpoint": f"https://{DOMAIN}:{self.port}", "ca_file": self.authority.file}
        return replace(bucket, **{**there, **changed})

    def close(self) -> None:
        """Leave no process behind."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
