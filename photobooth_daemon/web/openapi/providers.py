"""Providers' keys and what vendors say of themselves, in the OpenAPI document."""

from __future__ import annotations

from photobooth_daemon.administration.provider_keys import KEY_SCHEMA
from photobooth_daemon.web.openapi.parts import DONE, Operation, json_answer
from photobooth_daemon.web.openapi.schemas import TEXT, record

PROVIDER_OPERATIONS = (
    Operation(
        "PUT", "/api/providers/{provider}/key", "Slots",
        "Puts a provider's key in force; it is never read back",
        DONE,
        body=record({"api_key": dict(KEY_SCHEMA)}),
        problems={
            404: "provider_not_found",
            409: "key_managed_elsewhere",
            422: "validation_failed",
        },
    ),
    Operation(
        "DELETE", "/api/providers/{provider}/key", "Slots", "Forgets a provider's key", DONE,
        problems={404: "provider_not_found", 409: "key_managed_elsewhere"},
    ),
    Operation(
        "POST", "/api/providers/{provider}/check", "Slots",
        "Asks the vendor whether it would serve us; no picture is made",
        {
            200: json_answer(
                record(
                    {
                        "ok": {"type": "boolean"},
                        "code": {"type": ["string", "null"]},
                        "latency_ms": {"type": "integer", "minimum": 0},
                        "models": {"type": ["array", "null"], "items": TEXT},
                        "message": record({"ru": TEXT, "en": TEXT}),
                    }
                )
            )
        },
        problems={404: "provider_not_found"},
    ),
    Operation(
        "GET", "/api/providers/{provider}/models", "Slots",
        "What the vendor lists now, pictures first; kept for ten minutes",
        {200: json_answer({"type": "array", "items": TEXT})},
        problems={404: "provider_not_found"},
    ),
)  # fmt: skip
