"""Machines of one site on this one: a network, a disk and commands of its own each.

Each is a network namespace behind one bridge and a mount namespace in which ``/etc``, ``/run`` and
``/var`` are this machine's with a layer of its own on top, so that what documents tell people to
type can be typed as printed. There is no systemd in them: ``systemctl``, ``apt``, ``sudo``, ``ssh``
and ``scp`` are stand-ins that do what the printed lines ask of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from photobooth_daemon.child_process import start_tied

ROOT = Path(__file__).parents[2]
STAND_INS = Path(__file__).with_name("machine_commands")
LAYERED = ("/etc", "/root", "/run", "/usr/share/doc", "/var")
HOME = "/var/admin"
NEEDED = ("ip", "haproxy", "pg_createcluster", "pg_basebackup", "nsenter", "setpriv")


def skip_without_machines() -> None:
    """Skip the test where there can be no such machines."""
    missing = [name for name in NEEDED if shutil.which(name, path=_path()) is None]
    refused = (
        os.geteuid() != 0 or subprocess.run(["unshare", "-mn", "true"], check=False).returncode
    )
    if missing or refused:
        reason = f"missing: {', '.join(missing)}" if missing else "root's namespaces are needed"
        pytest.skip(f"no machines: {reason}")


def _path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


class Site:
    """The network, and the machines in it by their addresses."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._machines: dict[str, Machine] = {}
        self._wires = start_tied(["unshare", "--net", "sleep", "infinity"])
        _until_apart(self._wires.pid, "net")
        self._in_wires("ip link add bridge type bridge")
        self._in_wires("ip link set bridge up")

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *problem: object) -> None:
        for machine in self._machines.values():
            machine.switch_off()
        self._wires.kill()
        self._wires.wait()

    def machine(self, address: str) -> Machine:
        """Return the machine at an address; a new one is switched on."""
        if address not in self._machines:
            made = Machine(self._directory / address, address)
            wire = f"wire{len(self._machines)}"
            self._in_wires(f"ip link add {wire} type veth peer name eth0 netns {made.pid}")
            self._in_wires(f"ip link set {wire} master bridge up")
            made.run(f"ip addr add {address}/24 dev eth0; ip link set eth0 up; ip link set lo up")
            self._machines[address] = made
            (self._directory / "pids").mkdir(exist_ok=True)
            (self._directory / "pids" / address).write_text(str(made.pid))
        return self._machines[address]

    def _in_wires(self, command: str) -> None:
        pid = str(self._wires.pid)
        subprocess.run(["nsenter", "-t", pid, "-n", *command.split()], check=True)


class Machine:
    """A place to run shell commands in."""

    def __init__(self, directory: Path, address: str) -> None:
        self.address = address
        self._disk = directory / "disk"
        self._disk.mkdir(parents=True)
        self._keeper = start_tied(["unshare", "--net", "--mount", "sleep", "infinity"])
        self.pid = self._keeper.pid
        _until_apart(self.pid, "mnt")
        layers = "".join(
            f"mkdir -p {self._disk}{name}/own {self._disk}{name}/work; mount -t overlay overlay -o"
            f" lowerdir={name},upperdir={self._disk}{name}/own,workdir={self._disk}{name}/work"
            f" {name}\n"
            for name in LAYERED
        )
        # The tests' Python may lie in root's home; the administrator's own is closed to others.
        homes = f"chmod 711 /root; install -d -m 0700 {HOME}"
        self.run(f"mount -t tmpfs tmpfs {self._disk}\n{layers}{homes}")

    def run(self, script: str, *, good: bool = True) -> str:
        """Run a script as root, and return what it said.

        Raises:
            AssertionError: a command in it failed.
        """
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-n", "-m", "bash", "-euo", "pipefail", "-c", script],
            env={
                "PATH": f"{STAND_INS}:{Path(sys.executable).parent}:{_path()}",
                "HOME": HOME,
                "LC_ALL": "C.UTF-8",
                "SOURCE": str(ROOT),
                "PIDS": str(self._disk.parents[1] / "pids"),
                "PYTHON": sys.executable,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert not good or done.returncode == 0, f"{self.address}: {script}\n{done.stdout}"
        return done.stdout

    def switch_off(self) -> None:
        """End everything that runs on it."""
        for entry in Path("/proc").iterdir():
            try:
                same = entry.name.isdecimal() and (entry / "ns/mnt").readlink() == self._namespace()
            except OSError:
                continue
            if same and int(entry.name) != self.pid:
                os.kill(int(entry.name), 9)
        self._keeper.kill()
        self._keeper.wait()

    def _namespace(self) -> Path:
        return Path(f"/proc/{self.pid}/ns/mnt").readlink()


def _until_apart(pid: int, kind: str) -> None:
    """Wait until a process has left this one's namespaces: what is done in them comes after."""
    own = Path(f"/proc/self/ns/{kind}").readlink()
    while Path(f"/proc/{pid}/ns/{kind}").readlink() == own:
        time.sleep(0.005)
