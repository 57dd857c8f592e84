"""Addresses that may hold credentials: shown without them, and their secrets for masks."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from photobooth_daemon.model.networks import address_of

HIDDEN = "***"


def shown_url(url: str) -> str:
    """Return a URL with its user, its password and the values of its query hidden."""
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return HIDDEN
    _, at, host = parts.netloc.rpartition("@")
    return urlunsplit(
        parts._replace(
            netloc=f"{HIDDEN}@{host}" if at else host,
            query="&".join(f"{name}={HIDDEN}" for name, _ in query) if query else parts.query,
            fragment="",
        )
    )


def secrets_in(url: str | None) -> Iterator[str]:
    """Yield what of a URL must not be shown, as it is written and as it is meant."""
    try:
        parts = urlsplit(url or "")
        values = [value for _, value in parse_qsl(parts.query)]
    except ValueError:
        return
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    for secret in (password or user, *values):
        yield from {secret, unquote(secret)}


def is_this_machine(url: str) -> bool:
    """Return whether an address leads nowhere but to the machine that asks for it."""
    host = urlsplit(url).hostname or ""
    address = address_of(host)
    return host == "localhost" or (address is not None and address.is_loopback)
