"""``/api/providers``: what slots can be made of, from the providers' own schema files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from photobooth_daemon.administration.provider_keys import ProviderKeys
from photobooth_daemon.providers.catalogues import ProviderCatalogues
from photobooth_daemon.providers.facts import ProviderFacts
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.providers.schemas import OperationSchema, TemplateRole
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.paging import number_cursor, read_limit, read_number_cursor, write_page


class ProvidersHandler(Handler):
    """The catalogue."""

    permission = "slots:read"

    def initialize(
        self, base: Base, *, schemas: ParamSchemas, facts: Mapping[str, ProviderFacts]
    ) -> None:
        super().initialize(base)
        self._schemas = schemas
        self._facts = facts

    @unless_refused
    async def get(self) -> None:
        """Answer with every installed provider and its operations."""
        limit, after = read_limit(self), read_number_cursor(self) or 0
        items = list(enumerate(catalogue(self._schemas, self._facts), start=1))
        found = [item for item in items if item[0] > after][: limit + 1]
        write_page(self, found, limit, lambda item: item[1], lambda item: number_cursor(item[0]))


class ProviderKeyHandler(Handler):
    """``/api/providers/{provider}/key``: written, never read."""

    permission = "providers:write"

    def initialize(self, base: Base, *, keys: ProviderKeys) -> None:
        super().initialize(base)
        self._keys = keys

    @unless_refused
    async def put(self, provider: str) -> None:
        """Put a key in force for the next photo."""
        await self._keys.set(provider, self.read_json_object(), self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)

    @unless_refused
    async def delete(self, provider: str) -> None:
        """Forget the key."""
        await self._keys.delete(provider, self.actor())
        self.set_status(HTTPStatus.NO_CONTENT)


class ProviderCheckHandler(Handler):
    """``/api/providers/{provider}/check``: asks the vendor, never for a picture."""

    permission = "slots:write"

    def initialize(self, base: Base, *, catalogues: ProviderCatalogues) -> None:
        super().initialize(base)
        self._catalogues = catalogues

    @unless_refused
    async def post(self, provider: str) -> None:
        """Answer with what came of it."""
        self.write_json(dataclasses.asdict(await self._catalogues.check(provider)))


class ProviderModelsHandler(Handler):
    """``/api/providers/{provider}/models``: what the vendor lists now."""

    permission = "slots:read"

    def initialize(self, base: Base, *, catalogues: ProviderCatalogues) -> None:
        super().initialize(base)
        self._catalogues = catalogues

    @unless_refused
    async def get(self, provider: str) -> None:
        """Answer with the models, those that make pictures first."""
        self.write_json(await self._catalogues.models(provider))


def catalogue(schemas: ParamSchemas, facts: Mapping[str, ProviderFacts]) -> list[dict[str, Any]]:
    """Return what is known about each provider, as the API gives it."""
    items = []
    for name, fact in facts.items():
        title, title_ru = schemas.title(name)
        items.append(
            {
                "provider": name,
                "title": title,
                "title_ru": title_ru,
                "configured": fact.configured,
                "needs_public_url": fact.needs_public_url,
                "takes_key": fact.takes_key,
                "operations": [_operation(found) for found in schemas.operations(name)],
            }
        )
    return items


def _operation(found: OperationSchema) -> dict[str, Any]:
    return {
        "operation": found.operation,
        "title": found.title,
        "title_ru": found.title_ru,
        "schema": {k: v for k, v in found.schema.items() if k != "template_roles"},
        "template_roles": [_role(role) for role in found.template_roles],
    }


def _role(role: TemplateRole) -> dict[str, Any]:
    return {
        "role": role.role,
        "title": role.title,
        "title_ru": role.title_ru,
        "description": role.description,
        "description_ru": role.description_ru,
        "min": role.min_count,
        "max": role.max_count,
    }
