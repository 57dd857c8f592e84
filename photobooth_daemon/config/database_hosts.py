"""The hosts that a ``postgresql://`` URL names, each with a URL of its own.

libpq's forms with several hosts are understood: ``a:5432,b:5432`` before the path, and
``host=a,b&port=5432,5433`` in the query. Which of them is the primary is not asked of the
driver, whose older versions cannot tell: ``target_session_attrs`` is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

DEFAULT_PORT = "5432"
_OURS = "target_session_attrs"
_TOOL_CONNECTS_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Host:
    """One server: ``name`` may be shown, ``url`` may hold a password."""

    name: str
    url: str = field(repr=False)


def hosts_of(url: str) -> tuple[Host, ...]:
    """Return the hosts of a URL in its order; one that names none stands for one host.

    Raises:
        ValueError: the numbers of hosts and ports differ, or a port is none; the text has no
            secret in it.
    """
    before, user_info, authority, path, query = _split(url)
    kept = [(key, value) for key, value in query if key != _OURS]
    asked = dict(kept)
    if "host" in asked:
        pairs = _pair(asked["host"].split(","), asked.get("port", "").split(","))
        return tuple(
            Host(_name(host, port), _join(before, user_info, "", path, _moved(kept, host, port)))
            for host, port in pairs
        )
    places = [_host_and_port(place) for place in authority.split(",")]
    pairs = _pair([host for host, _ in places], [port for _, port in places])
    if len(pairs) == 1:
        return (Host(_name(*pairs[0]), _join(before, user_info, authority, path, kept)),)
    return tuple(
        Host(_name(host, port), _join(before, user_info, f"{host}:{port}", path, kept))
        for host, port in pairs
    )


def for_tools(url: str) -> str:
    """Return the URL as PostgreSQL's own programs find the primary by it."""
    if len(hosts_of(url)) == 1:
        return url
    before, user_info, authority, path, query = _split(url)
    kept = [(key, value) for key, value in query if key != _OURS]
    if not any(key == "connect_timeout" for key, _ in kept):
        kept.append(("connect_timeout", str(_TOOL_CONNECTS_SECONDS)))
    return _join(before, user_info, authority, path, [*kept, (_OURS, "read-write")])


def _split(url: str) -> tuple[str, str, str, str, list[tuple[str, str]]]:
    """Return scheme, user with its ``@``, hosts, path and query; urlsplit knows one host only."""
    scheme, _, rest = url.partition("://")
    rest = rest.partition("#")[0]
    address, _, query = rest.partition("?")
    netloc, slash, path = address.partition("/")
    user, at, authority = netloc.rpartition("@")
    return f"{scheme}://", user + at, authority, slash + path, parse_qsl(query, True)


def _join(
    before: str, user_info: str, authority: str, path: str, query: list[tuple[str, str]]
) -> str:
    asked = f"?{urlencode(query)}" if query else ""
    return f"{before}{user_info}{authority}{path}{asked}"


def _moved(query: list[tuple[str, str]], host: str, port: str) -> list[tuple[str, str]]:
    others = [(key, value) for key, value in query if key not in ("host", "port")]
    return [*others, ("host", host), *([("port", port)] if port else [])]


def _host_and_port(place: str) -> tuple[str, str]:
    host, colon, port = place.rpartition(":")
    if not colon or port.endswith("]"):
        return place, ""
    return host, port


def _pair(hosts: Sequence[str], ports: Sequence[str]) -> list[tuple[str, str]]:
    if len(ports) == 1:
        ports = [ports[0] for _ in hosts]
    if len(ports) != len(hosts):
        raise ValueError("has another number of ports than of hosts")
    for port in ports:
        if port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError("has a port that is not a number between 1 and 65535")
    if len(hosts) == 1:
        return [(hosts[0], ports[0])]
    if not all(hosts):
        raise ValueError("has a comma beside which there is no host")
    return [(host, port or DEFAULT_PORT) for host, port in zip(hosts, ports, strict=True)]


def _name(host: str, port: str) -> str:
    return f"{host}:{port}" if port else host or "the local server"
