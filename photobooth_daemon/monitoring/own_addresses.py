"""By which addresses other machines of this network reach a port of this one."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

INTERFACES = Path("/sys/class/net")
OF_CONTAINERS = ("docker", "br-", "veth", "virbr", "cni", "lxc", "podman")
"""Bridges to what runs on this machine: no camera is behind them."""
CONNECTION_SECONDS = 0.5
"""How long an own address is waited for: what is open on this machine is so at once."""
_SIOCGIFADDR = 0x8915
_LONGEST_NAME = 15


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """One way to this machine; ``is_open`` tells whether anything listens on the port there."""

    host: str
    is_name: bool
    is_open: bool


async def list_own_addresses(port: int) -> list[OwnAddress]:
    """Return this machine's name in the network, then its IPv4 addresses, as far as there are any.

    The name is as open as the addresses that it stands for.
    """
    hosts = await asyncio.to_thread(lambda: list(_ipv4_addresses()))
    found = [OwnAddress(host, False, await _is_open(host, port)) for host in hosts]
    if not found:
        return []
    name = _name_in_network(socket.gethostname())
    named = [OwnAddress(name, True, any(one.is_open for one in found))] if name else []
    return [*named, *found]


def _name_in_network(hostname: str) -> str | None:
    """Return the name that others may know this machine by: without a domain, that of mDNS."""
    if hostname in ("", "localhost") or hostname.startswith("localhost."):
        return None
    return hostname if "." in hostname else f"{hostname}.local"


def _ipv4_addresses() -> Iterator[str]:
    try:
        interfaces = sorted(path.name for path in INTERFACES.iterdir())
    except OSError:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for interface in interfaces:
            if interface.startswith(OF_CONTAINERS):
                continue
            request = struct.pack("256s", interface.encode()[:_LONGEST_NAME])
            # An interface without an address of this kind is refused.
            with suppress(OSError):
                answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)
                host = socket.inet_ntoa(answer[20:24])
                if not ip_address(host).is_loopback:
                    yield host


async def _is_open(host: str, port: int) -> bool:
    try:
        opening = asyncio.open_connection(host, port)
        _, writer = await asyncio.wait_for(opening, CONNECTION_SECONDS)
    except (TimeoutError, OSError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
