"""Keeps a link that somebody else wrote from reaching into the studio's own network.

The ranges are IANA's special-purpose registries, written out: what Python calls
global differs from version to version, and it knows neither of the old ranges
that some stacks still route inwards nor of all the ways to wrap an IPv4 address.

https://www.iana.org/assignments/iana-ipv4-special-registry
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Any

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver

_NOT_PUBLIC_V4 = [
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared with the carrier
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; where clouds keep their machines' credentials
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
"""All that is given to anybody: what lies outside (loopback, unique and link-local, site-local,
multicast, discard, local NAT64, IPv4-compatible …) is not public."""
_NOT_PUBLIC_V6 = [
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID …
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address behind whatever relay is near
        "3fff::/20",  # documentation
    )
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
"""A last label that makes the whole host an IPv4 address to those who are lenient."""


class PrivateAddress(OSError):
    """The host is, or resolves to, an address that is not on the public internet."""


def is_public(address: str) -> bool:
    """Return whether the IP address is on the public internet, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_V4)
    inner = ipaddress.IPv4Address(ip.packed[-4:])
    if ip.ipv4_mapped is not None or ip in _NAT64:
        return is_public(str(inner))
    if ip not in _GLOBAL_V6 or any(ip in network for network in _NOT_PUBLIC_V6):
        return False
    return ip.packed[8:12] not in _ISATAP or is_public(str(inner))


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
