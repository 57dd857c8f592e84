"""Addresses and networks, read alike wherever somebody is believed, kept out or counted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

NETWORK_BITS = 64
SITE_BITS = 48

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(text: str) -> Address | None:
    """Return the address that a text is; an IPv4 one that comes in IPv6 form is itself."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def network_of(text: str) -> str:
    """Return an address as it is counted: of IPv6 the /64, which one machine has to itself.

    What is no address stays as it is.
    """
    address = address_of(text)
    if address is None:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, NETWORK_BITS), strict=False))
    return str(address)


def site_of(text: str) -> str | None:
    """Return the /48 of an IPv6 address, of which anybody gets one; None for other addresses."""
    address = address_of(text)
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    return str(ipaddress.IPv6Network((address, SITE_BITS), strict=False))


class Networks:
    """Some networks, as a configuration names them; tells which addresses are theirs."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(text, strict=False) for text in texts]

    def __contains__(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)
