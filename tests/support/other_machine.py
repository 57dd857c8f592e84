"""Another machine in this one's network: a network namespace with an address of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class OtherMachine:
    """What is run there is preceded by ``command``; it sees us as ``our_host``."""

    command: tuple[str, ...] = ()
    our_host: str | None = None
    host: str | None = None


@contextmanager
def open_other_machine() -> Iterator[OtherMachine]:
    """Yield one, gone at the end; where nobody may make one, this machine itself.

    As it comes and goes, browsers of this machine end what they are loading (Chromium's
    ``ERR_NETWORK_CHANGED``): it is to be there before the first of them.
    """
    if os.geteuid() != 0 or shutil.which("ip") is None:
        yield OtherMachine()
        return
    number = os.getpid() % 10_000
    name, here, there = f"camera{number}", f"pbh{number}", f"pbc{number}"
    # One of 16,384 networks of two, in the range for tests of networks (RFC 2544).
    network = f"198.18.{number // 64 % 256}"
    ours, theirs = (f"{network}.{number % 64 * 4 + last}" for last in (1, 2))
    if not _ip("netns", "add", name):
        yield OtherMachine()
        return
    try:
        made = (
            _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
            and _ip("link", "set", here, "addrgenmode", "none")
            and _ip("addr", "add", f"{ours}/30", "dev", here)
            and _ip("link", "set", here, "up")
            and _ip("-n", name, "addr", "add", f"{theirs}/30", "dev", there)
            and _ip("-n", name, "link", "set", there, "up")
        )
        yield OtherMachine(("ip", "netns", "exec", name), ours, theirs) if made else OtherMachine()
    finally:
        # The pair of links goes with it.
        _ip("link", "del", here)
        _ip("netns", "del", name)


def _ip(*arguments: str) -> bool:
    return subprocess.run(["ip", *arguments], capture_output=True, check=False).returncode == 0
