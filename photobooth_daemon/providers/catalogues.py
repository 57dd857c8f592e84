"""What a vendor says of itself: is the key good, which models are there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, ProviderNotFound, Reason
from photobooth_daemon.providers.driver import ProviderDriver
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.params import ParamSchemas

KEPT_SECONDS = 600.0
LIST_SECONDS = 10.0
NOT_CONFIGURED = "not_configured"
WORDS: Mapping[str, tuple[str, str]] = {
    "ok": ("It answers, and the key is good.", "Отвечает, ключ подходит."),
    NOT_CONFIGURED: ("No key has been entered yet.", "Ключ ещё не введён."),
    Reason.AUTH: ("The key is refused: check it.", "Ключ не принят: проверьте его."),
    Reason.QUOTA: ("The key is good, its quota is used up.", "Ключ подходит, но квота исчерпана."),
    Reason.MODEL_GONE: (
        "The key is good, the model is not offered.",
        "Ключ подходит, но такой модели нет.",
    ),
    Reason.UNREACHABLE: ("It cannot be reached: check the network.", "Нет связи: проверьте сеть."),
    Reason.OVERLOADED: ("It is overloaded: try again soon.", "Перегружен: попробуйте чуть позже."),
    Reason.TIMEOUT: ("It did not answer in time.", "Не ответил вовремя."),
}
OTHERWISE = ("It answers, but not as expected.", "Отвечает, но не так, как ожидалось.")


@dataclass(frozen=True, slots=True)
class Checked:
    """What asking a provider free of charge found; ``code`` is None when all is well."""

    ok: bool
    code: str | None
    latency_ms: int
    models: list[str] | None
    message: Mapping[str, str]


class ProviderCatalogues:
    """Asks the vendors, never for a picture; their lists are kept for ten minutes."""

    def __init__(
        self,
        drivers: Mapping[str, ProviderDriver],
        facts: Mapping[str, ProviderFacts],
        schemas: ParamSchemas,
        clock: Clock,
    ) -> None:
        self._drivers = drivers
        self._facts = facts
        self._schemas = schemas
        self._clock = clock
        self._kept: dict[str, tuple[float, ProviderDriver, list[str]]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def models(self, provider: str) -> list[str]:
        """Return what the vendor lists now; nothing where it has no list, or does not answer.

        Raises:
            ProviderNotFound: there is no such provider.
        """
        driver = self._driver(provider)
        async with self._asking.setdefault(provider, asyncio.Lock()):
            kept = self._kept.get(provider)
            now = self._clock.monotonic()
            if kept is not None and kept[1] is driver and now - kept[0] < KEPT_SECONDS:
                return kept[2]
            try:
                found = await self._ask(driver)
            except (AttemptFailed, DeadlinePassed):
                return []
            self._kept[provider] = (now, driver, found)
            return found

    async def check(self, provider: str) -> Checked:
        """Return whether the provider would serve us now.

        Raises:
            ProviderNotFound: there is no such provider.
        """
        driver = self._driver(provider)
        if not self._facts[provider].configured:
            return _checked(NOT_CONFIGURED, 0, None)
        operations = self._schemas.operations(provider)
        operation = operations[0].operation if operations else None
        params = self._schemas.with_defaults(provider, operation or "", {})
        found = await driver.check(operation, params)
        if found.ok:
            self._kept.pop(provider, None)
            models = await self.models(provider) or None
            return _checked(None, found.latency_ms, models)
        word = found.detail.partition(":")[0]
        code = Reason.MODEL_GONE.value if found.model_listed is False else word
        if code not in set(Reason):
            code = Reason.TIMEOUT if "no answer" in found.detail else Reason.BAD_RESPONSE
        return _checked(str(code), found.latency_ms, None)

    async def _ask(self, driver: ProviderDriver) -> list[str]:
        ask = getattr(driver, "list_models", None)
        if ask is None:
            return []
        deadline = Deadline.after(self._clock, LIST_SECONDS)
        async with deadline.enforced():
            found: list[str] = await ask(deadline)
        return found

    def _driver(self, provider: str) -> ProviderDriver:
        driver = self._drivers.get(provider)
        if driver is None:
            raise ProviderNotFound
        return driver


def _checked(code: str | None, latency_ms: int, models: list[str] | None) -> Checked:
    english, russian = WORDS.get(code or "ok", OTHERWISE)
    return Checked(code is None, code, latency_ms, models, {"en": english, "ru": russian})
