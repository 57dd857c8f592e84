"""What becomes of a photo, as administrators set it up: each of these needs a permission."""

from __future__ import annotations

from tornado.routing import URLSpec

from photobooth_daemon.web import presets, providers, slot_test, slots, templates
from photobooth_daemon.web.incoming.photo import PhotoNeeds
from photobooth_daemon.web.routing import SEGMENT, route
from photobooth_daemon.web.services import Services


def provider_routes(services: Services) -> list[URLSpec]:
    """Return what providers offer, and their keys."""
    base, recipes = services.base, services.recipes
    return [
        route(
            r"/api/providers",
            providers.ProvidersHandler,
            base=base,
            schemas=recipes.schemas,
            facts=recipes.provider_facts,
        ),
        route(
            rf"/api/providers/{SEGMENT}/key",
            providers.ProviderKeyHandler,
            base=base,
            keys=recipes.provider_keys,
        ),
        route(
            rf"/api/providers/{SEGMENT}/check",
            providers.ProviderCheckHandler,
            base=base,
            catalogues=recipes.provider_catalogues,
        ),
        route(
            rf"/api/providers/{SEGMENT}/models",
            providers.ProviderModelsHandler,
            base=base,
            catalogues=recipes.provider_catalogues,
        ),
    ]


def slot_routes(services: Services, photo: PhotoNeeds) -> list[URLSpec]:
    """Return slots, their revisions and test runs."""
    base, recipes = services.base, services.recipes
    return [
        route(
            r"/api/slots",
            slots.SlotsHandler,
            base=base,
            slots=recipes.slot_repository,
            jobs=services.history.job_lists,
            clock=services.clock,
            stats=services.history.stats,
        ),
        route(
            rf"/api/slots/{SEGMENT}",
            slots.SlotHandler,
            base=base,
            slots=recipes.slots,
            jobs=services.history.job_lists,
            clock=services.clock,
        ),
        route(
            rf"/api/slots/{SEGMENT}/revisions",
            slots.SlotRevisionsHandler,
            base=base,
            slots=recipes.slot_repository,
        ),
        route(
            rf"/api/slots/{SEGMENT}/copy",
            slots.SlotCopyHandler,
            base=base,
            slots=recipes.slots,
            jobs=services.history.job_lists,
            clock=services.clock,
        ),
        route(
            rf"/api/slots/{SEGMENT}/revisions/{SEGMENT}/restore",
            slots.SlotRestoreHandler,
            base=base,
            slots=recipes.slots,
            jobs=services.history.job_lists,
            clock=services.clock,
        ),
        route(
            rf"/api/slots/{SEGMENT}/test",
            slot_test.SlotTestHandler,
            base=base,
            needs=photo,
            slots=recipes.slots,
            slot_repository=recipes.slot_repository,
            presets=recipes.presets,
            samples=recipes.preset_samples,
        ),
    ]


def preset_routes(services: Services) -> list[URLSpec]:
    """Return the recipes that slots begin from."""
    base, recipes = services.base, services.recipes
    return [
        route(r"/api/presets", presets.PresetsHandler, base=base, presets=recipes.presets),
        route(
            rf"/api/presets/{SEGMENT}",
            presets.PresetHandler,
            base=base,
            presets=recipes.presets,
        ),
        route(
            rf"/api/presets/{SEGMENT}/before",
            presets.PresetPictureHandler,
            base=base,
            presets=recipes.presets,
            is_after=False,
        ),
        route(
            rf"/api/presets/{SEGMENT}/after",
            presets.PresetPictureHandler,
            base=base,
            presets=recipes.presets,
            is_after=True,
        ),
        route(
            rf"/api/presets/{SEGMENT}/sample",
            presets.PresetSampleHandler,
            base=base,
            samples=recipes.preset_samples,
        ),
    ]


def template_routes(services: Services) -> list[URLSpec]:
    """Return the library of template pictures."""
    base, recipes = services.base, services.recipes
    return [
        route(
            r"/api/template-media",
            templates.TemplatesHandler,
            base=base,
            repository=recipes.template_repository,
        ),
        route(
            r"/api/template-media/register",
            templates.TemplateRegisterHandler,
            base=base,
            templates=recipes.templates,
            media_store=services.media_store,
            settings=services.accounts.settings,
            in_flight=services.in_flight,
            clock=services.clock,
        ),
        route(
            rf"/api/template-media/{SEGMENT}",
            templates.TemplateHandler,
            base=base,
            templates=recipes.templates,
        ),
        route(
            rf"/api/template-media/{SEGMENT}/content",
            templates.TemplateFileHandler,
            base=base,
            templates=recipes.templates,
            media_store=services.media_store,
        ),
        route(
            rf"/api/template-media/{SEGMENT}/preview",
            templates.TemplateFileHandler,
            base=base,
            templates=recipes.templates,
            media_store=services.media_store,
            preview=True,
        ),
    ]
