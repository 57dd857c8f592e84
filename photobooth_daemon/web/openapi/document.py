"""The OpenAPI 3.1 document, made from the routes, and a page to read it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tornado.routing import URLSpec

from photobooth_daemon import __version__
from photobooth_daemon.administration.boards import TOKEN_CHARACTERS
from photobooth_daemon.administration.stated_reason import (
    FEWEST_REASON_CHARACTERS,
    MOST_REASON_CHARACTERS,
)
from photobooth_daemon.providers.params import ParamSchemas
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.json_text import encode_json
from photobooth_daemon.web.openapi.accounts import ACCOUNT_OPERATIONS, account_schemas
from photobooth_daemon.web.openapi.boards import BOARD_OPERATIONS, board_schemas
from photobooth_daemon.web.openapi.cameras import CAMERA_OPERATIONS, camera_schemas
from photobooth_daemon.web.openapi.evening import (
    event_report_schema,
    intake_schema,
    readiness_schema,
    report_schema,
)
from photobooth_daemon.web.openapi.events import EVENT_OPERATIONS, event_schemas
from photobooth_daemon.web.openapi.guests import GUEST_OPERATIONS
from photobooth_daemon.web.openapi.history import history_schemas
from photobooth_daemon.web.openapi.operations import OPERATIONS
from photobooth_daemon.web.openapi.page import DOCS_CSP, docs_page
from photobooth_daemon.web.openapi.parts import JSON, PHOTOS, Answer, Operation
from photobooth_daemon.web.openapi.presets import PRESET_OPERATIONS, preset_schemas
from photobooth_daemon.web.openapi.providers import PROVIDER_OPERATIONS
from photobooth_daemon.web.openapi.schemas import SLOT_ID, TEXT, UUID, component_schemas, named
from photobooth_daemon.web.openapi.upkeep import UPKEEP_OPERATIONS, upkeep_schemas
from photobooth_daemon.web.overrides import HEADER
from photobooth_daemon.web.problems import CONTENT_TYPE
from photobooth_daemon.web.rendered import Rendered

PATH_PARAMETERS: Mapping[str, dict[str, Any]] = {
    "slot_id": SLOT_ID,
    "job_id": UUID,
    "media_id": UUID,
    "event_id": UUID,
    "board_id": UUID,
    "preset_id": TEXT,
    "token": {"type": "string", "minLength": TOKEN_CHARACTERS, "maxLength": TOKEN_CHARACTERS},
    "gallery": {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"},
    "username": TEXT,
    "channel": TEXT,
    "provider": TEXT,
    "version": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
}
ANY_ROUTE = {
    400: "invalid_request",
    405: "method_not_allowed",
    500: "internal_error",
    503: "database_unavailable, storage_unavailable, shutting_down",
}
CLOSED_ROUTE = {401: "unauthenticated", 403: "forbidden, xsrf_required"}
JSON_ROUTE = {413: "payload_too_large", 415: "unsupported_media_type"}
VERSIONED_ROUTE = {409: "version_conflict", 428: "version_required"}
ALL_OPERATIONS = (
    *OPERATIONS,
    *GUEST_OPERATIONS,
    *PROVIDER_OPERATIONS,
    *ACCOUNT_OPERATIONS,
    *BOARD_OPERATIONS,
    *CAMERA_OPERATIONS,
    *PRESET_OPERATIONS,
    *EVENT_OPERATIONS,
    *UPKEEP_OPERATIONS,
)
FREEZABLE = (
    ("PUT", "/api/settings"),
    ("PUT", "/api/slots/{slot_id}"),
    ("DELETE", "/api/slots/{slot_id}"),
    ("POST", "/api/slots/{slot_id}/copy"),
    ("POST", "/api/slots/{slot_id}/revisions/{version}/restore"),
    ("DELETE", "/api/template-media/{media_id}"),
    ("POST", "/api/restart"),
)
"""What a frozen event that runs keeps as it is."""
HERE = "https://here.invalid"
"""Stands for this daemon's address in the page, which is the same under every name."""
INTRODUCTION = """\
A photo goes in at `/api/ingest/{slot_id}`, the picture comes out. Everything else sets that up
and watches it. Administrators log in for a token, or use the session cookie of the UI.
Errors are problem documents (RFC 9457) with a stable `code`."""


class _DocumentHandler(Handler):
    public = True

    def initialize(
        self, base: Base, *, document: Callable[[], dict[str, Any]], rendered: Rendered
    ) -> None:
        super().initialize(base)
        self._document = document
        self._rendered = rendered


class OpenApiHandler(_DocumentHandler):
    """``/api/openapi.json``."""

    @unless_refused
    async def get(self) -> None:
        """Answer with the document."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(await self._rendered.get("json", lambda: encode_json(self._document())))


class DocsHandler(_DocumentHandler):
    """``/api/docs``: the same, for people; no script, nothing from elsewhere."""

    @unless_refused
    async def get(self) -> None:
        """Answer with the page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", DOCS_CSP)
        self.set_header("Referrer-Policy", "no-referrer")
        page = await self._rendered.get("page", self._render)
        here = html.escape(self.site.base_url(self.request))
        self.write(page.replace(HERE.encode(), here.encode()))

    def _render(self) -> bytes:
        return docs_page(self._document(), HERE).encode()


def build_document(routes: Sequence[URLSpec], schemas: ParamSchemas) -> dict[str, Any]:
    """Return the document of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in ALL_OPERATIONS:
        handler = handler_of(routes, operation.path)
        described = _operation(operation, handler)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "photobooth-daemon",
            "version": __version__,
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(o.tag for o in ALL_OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": {
                **component_schemas(),
                **history_schemas(),
                **account_schemas(),
                **board_schemas(),
                **camera_schemas(),
                **preset_schemas(),
                **event_schemas(),
                **upkeep_schemas(),
                "Report": report_schema(),
                "EventReport": event_report_schema(),
                "Readiness": readiness_schema(),
                "Intake": intake_schema(),
                **_params(schemas),
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "session": {"type": "apiKey", "in": "cookie", "name": "photobooth_session"},
            },
        },
    }


def handler_of(routes: Sequence[URLSpec], path: str) -> type[Handler]:
    """Return the handler that serves a path of the document.

    Raises:
        LookupError: no route does.
    """
    pattern = re.sub(r"\{\w+\}", "([^/]+)", path.replace(".", r"\.")) + "$"
    for route in routes:
        if route.regex.pattern.replace("\\-", "-") == pattern:
            handler: type[Handler] = route.handler_class
            return handler
    raise LookupError(path)


def _operation(operation: Operation, handler: type[Handler]) -> dict[str, Any]:
    problems = {**ANY_ROUTE, **operation.problems}
    described: dict[str, Any] = {
        "operationId": _operation_id(operation),
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
    }
    if handler.public:
        described["security"] = []
    else:
        permission = handler.needed_permission(operation.method)
        described["security"] = [{"token": []}, {"session": []}]
        described["description"] = (
            f"Needs the permission `{permission}`." if permission else "Any administrator."
        )
        problems = _joined(problems, CLOSED_ROUTE)
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {JSON: {"schema": operation.body}},
        }
        problems = _joined(problems, JSON_ROUTE)
    if operation.form is not None:
        described["requestBody"] = {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": operation.form},
                **({kind: {} for kind in PHOTOS} if operation.takes_pictures else {}),
            },
        }
    if operation.page_form is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": operation.page_form}},
        }
        problems = _joined(problems, JSON_ROUTE)
    if operation.versioned:
        problems = _joined(problems, VERSIONED_ROUTE)
    if (operation.method, operation.path) in FREEZABLE:
        problems = _joined(problems, {423: "event_running"})
        described["parameters"].append(
            {
                "name": HEADER,
                "in": "header",
                "description": "Why this is changed all the same while an event runs.",
                "schema": {
                    "type": "string",
                    "minLength": FEWEST_REASON_CHARACTERS,
                    "maxLength": MOST_REASON_CHARACTERS,
                },
            }
        )
    described["responses"] = _responses(operation.answers, problems)
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", operation.path)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": PATH_PARAMETERS[name]}
        for name in names
    ]
    parameters += operation.parameters
    if operation.versioned:
        parameters.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": "The version that is changed, as its ETag; or in the body.",
                "schema": {"type": "string"},
            }
        )
        parameters.append(
            {
                "name": "version",
                "in": "query",
                "description": "The same, for calls without a body.",
                "schema": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
            }
        )
    return parameters


def _responses(answers: Mapping[int, Answer], problems: Mapping[int, str]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in answers.items():
        content = {kind: {"schema": schema} for kind, schema in answer.content.items()}
        responses[str(status)] = {
            "description": answer.description,
            **({"content": content} if content else {}),
        }
    for status, codes in problems.items():
        response = responses.setdefault(str(status), {"description": codes, "content": {}})
        response.setdefault("content", {})[CONTENT_TYPE] = {"schema": named("Problem")}
    return dict(sorted(responses.items()))


def _joined(problems: Mapping[int, str], more: Mapping[int, str]) -> dict[int, str]:
    joined = dict(problems)
    for status, codes in more.items():
        joined[status] = f"{joined[status]}, {codes}" if status in joined else codes
    return joined


def _params(schemas: ParamSchemas) -> dict[str, Any]:
    """Return the params of each operation, by provider and operation."""
    return {
        f"params.{provider}.{operation.operation}": {
            key: value for key, value in operation.schema.items() if key != "template_roles"
        }
        for provider in schemas.providers()
        for operation in schemas.operations(provider)
    }


def _operation_id(operation: Operation) -> str:
    words = re.findall(r"[a-z]+", operation.path.replace("api", ""))
    return "_".join([operation.method.lower(), *words]) or operation.method.lower()
