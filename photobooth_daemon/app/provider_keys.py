"""Builds what keeps the providers' keys that administrators entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.administration.sealed import SealedSecrets
from photobooth_daemon.app.administration import Administration
from photobooth_daemon.app.foundation import Foundation
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.repositories.provider_keys import ProviderKeyRepository


def build_provider_keys(
    foundation: Foundation,
    administration: Administration,
    facts: Mapping[str, ProviderFacts],
    use: Callable[[Mapping[str, str]], None],
) -> ProviderKeys:
    """Return it; ``use`` is told all keys, by provider, whenever one of them is another one.

    Raises:
        ConfigError: the file of the key that opens them cannot be used.
    """
    return ProviderKeys(
        foundation.database,
        ProviderKeyRepository(foundation.database),
        SealedSecrets.of_file(foundation.config.secrets_key_file),
        administration.audit,
        foundation.live,
        foundation.clock,
        facts,
        use,
    )
