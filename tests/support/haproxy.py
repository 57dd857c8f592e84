"""HAProxy with the shipped example, its addresses replaced by those of a test."""

from __future__ import annotations

import csv
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.daemons import until

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "etc/haproxy/photobooth.cfg"
HAPROXY = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
OF_DEBIAN = ("chroot /var/lib/haproxy\n", "user haproxy\n", "group haproxy\n")
SERVERS = re.compile(r"(?m)^    server a .*\n    server b .*\n    server c .*\n")


class Haproxy:
    """A running HAProxy before daemons that are known by their names and ports."""

    def __init__(self, directory: Path, ports: Mapping[str, int]) -> None:
        self._names = set(ports)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._control = directory / "haproxy.sock"
        self._config = directory / "haproxy.cfg"
        self._config.write_text(self._adapted(ports), "utf-8")
        self._log = (directory / "haproxy.log").open("wb")
        self._process = subprocess.Popen(
            [str(HAPROXY), "-db", "-f", str(self._config)],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    @property
    def url(self) -> str:
        """Where cameras send to."""
        return f"http://127.0.0.1:{self.port}"

    def up(self, backend: str = "photos") -> set[str]:
        """Return the hosts that get what is new."""
        rows = csv.DictReader(self.ask("show stat").removeprefix("# ").splitlines())
        return {
            row["svname"]
            for row in rows
            if row["pxname"] == backend
            and row["svname"] in self._names
            and row["status"].startswith("UP")
        }

    def wait_until_up(self, *names: str, seconds: float = 60) -> None:
        """Wait until these hosts get photos, and no others."""
        until(lambda: self._control.exists() and self.up() == set(names), seconds)

    def ask(self, command: str) -> str:
        """Give a command on the stats socket, as an administrator does."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(str(self._control))
            control.sendall(command.encode() + b"\n")
            told = b""
            while piece := control.recv(65536):
                told += piece
        return told.decode()

    def close(self) -> None:
        """Leave no process behind."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _adapted(self, ports: Mapping[str, int]) -> str:
        text = EXAMPLE.read_text("utf-8")
        replaced = {
            "bind :80\n": f"bind 127.0.0.1:{self.port}\n",
            "log /dev/log local0": "log stdout format raw local0",
            "/run/haproxy/admin.sock mode 660": f"{self._control} mode 600",
            **dict.fromkeys((f"    {line}" for line in OF_DEBIAN), ""),
        }
        for ours, theirs in replaced.items():
            assert ours in text, f"the example has changed: {ours}"
            text = text.replace(ours, theirs)
        hosts = "".join(f"    server {n} 127.0.0.1:{port}\n" for n, port in ports.items())
        text, count = SERVERS.subn(hosts, text)
        assert count == 2, "the example has changed: its servers"
        return text
