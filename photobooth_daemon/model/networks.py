"""What counts as one address, wherever strangers are counted."""

from __future__ import annotations

import ipaddress

NETWORK_BITS = 64


def network_of(address: str) -> str:
    """Return an address as it is counted: of IPv6 the /64, which one machine has to itself.

    An IPv4 address that comes in IPv6 form is itself; what is no address stays as it is.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        mapped = ip.ipv4_mapped
        return str(mapped or ipaddress.IPv6Network((ip, NETWORK_BITS), strict=False))
    return str(ip)
