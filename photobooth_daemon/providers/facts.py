"""What administrators may know about a provider: whether it is set up, never its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photobooth_daemon.errors import Fault
from photobooth_daemon.providers.driver import ProviderConfig, calls_nobody

ADMINISTRATOR = "administrator"
"""Where a key comes from that was given in the browser."""
ParamFaults = Callable[[str, Mapping[str, Any], Sequence[str]], list[Fault]]
"""Takes operation, params and the roles of the bound templates; pointers are below the params."""


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """One installed provider as slots and settings see it."""

    provider: str
    configured: bool
    source: str | None
    needs_public_url: bool
    takes_key: bool = True
    """Whether it calls somebody who could want one."""
    faults: ParamFaults | None = None
    """What a driver knows of its params beyond their schema; most know nothing."""


def provider_facts(
    drivers: Mapping[str, Any], configs: Mapping[str, ProviderConfig]
) -> dict[str, ProviderFacts]:
    """Return the facts of every installed driver, by name; a driver, or its class."""
    facts = {}
    for name in sorted(drivers):
        driver = drivers[name]
        config = configs.get(name) or ProviderConfig(name)
        facts[name] = ProviderFacts(
            provider=name,
            configured=driver.is_configured(config),
            source=config.api_key_source,
            needs_public_url=driver.needs_public_url,
            takes_key=not calls_nobody(driver),
            faults=getattr(driver, "faults", None),
        )
    return facts
