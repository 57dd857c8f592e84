"""Keeps a link that somebody else wrote from reaching into the studio's own network."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Any

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
"""A last label that makes the whole host an IPv4 address to those who are lenient."""


class PrivateAddress(OSError):
    """The host is, or resolves to, an address that is not on the public internet."""


def is_public(address: str) -> bool:
    """Return whether the IP address is on the public internet, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(ip.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def refuse_private_literal(host: str) -> None:
    """Check a host that is written as an address: no resolver is asked for those.

    ``host`` is as it will be connected to, full-width digits already made plain.

    Raises:
        PrivateAddress: it is not a public one, or it is one in a spelling
            (127.1, 0x7f.1, 127.0.0.01) that others read differently.
    """
    host = host.rstrip(".")
    try:
        public = is_public(host)
    except ValueError:
        public = ":" not in host and _NUMBER.fullmatch(host.rpartition(".")[2]) is None
    if not public:
        raise PrivateAddress("the link leads to a private address")


def refuse_local_name(host: str) -> None:
    """Check a name that a proxy, not this machine, will resolve.

    Raises:
        PrivateAddress: it is a name of the proxy's own network or machine.
    """
    host = host.rstrip(".").lower()
    if ":" not in host and ("." not in host or host.endswith(".localhost")):
        raise PrivateAddress("the link leads to a private address")


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only; the connection is made to what was checked."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[Any]:
        """Return the addresses.

        Raises:
            PrivateAddress: one of them is private: a name that mixes them is up to no good.
            OSError: the name does not resolve.
        """
        found = list(await self._resolver.resolve(host, port, family))
        if not all(is_public(str(entry["host"])) for entry in found):
            raise PrivateAddress("the link leads to a private address")
        return found

    async def close(self) -> None:
        """Close what was opened for resolving."""
        await self._resolver.close()
