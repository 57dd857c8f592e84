"""What the start-up file says of one provider."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One ``[providers.NAME]`` table of the start-up file, the key already read."""

    name: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    api_key_source: str | None = None
    proxy: str | None = field(default=None, repr=False)
    local: bool = False


def has_key_or_address(config: ProviderConfig) -> bool:
    """Return whether there is a key; an address of one's own may do without."""
    return bool(config.api_key) or config.base_url is not None
