"""What operations of the API are described with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from photobooth_daemon.web.openapi.schemas import TEXT, Schema, named
from photobooth_daemon.web.paging import DEFAULT_LIMIT, MAX_LIMIT

JSON = "application/json"
PICTURES = ("image/jpeg", "image/png", "image/webp")
PHOTOS = (*PICTURES, "image/avif")
"""What a camera may send, and what comes back as it came; AVIF where Pillow reads it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a success looks like: a body of these types, or none."""

    description: str
    content: Mapping[str, Schema] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. ``problems`` has the codes by status, beside those of any route."""

    method: str
    path: str
    tag: str
    summary: str
    answers: Mapping[int, Answer]
    parameters: tuple[Schema, ...] = ()
    body: Schema | None = None
    form: Schema | None = None
    page_form: Schema | None = None
    """A form of one of our own pages: urlencoded, as browsers send it."""
    takes_pictures: bool = False
    """Whether the body may be a picture instead of the form."""
    body_required: bool = True
    versioned: bool = False
    problems: Mapping[int, str] = field(default_factory=dict)


def query(name: str, schema: Schema, description: str) -> Schema:
    """Return an optional parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def header(name: str, schema: Schema, description: str) -> Schema:
    """Return an optional header."""
    return {**query(name, schema, description), "in": "header"}


def one_of(words: Any) -> Schema:
    """Return the schema of a choice."""
    return {"type": "string", "enum": [str(word) for word in words]}


def json_answer(schema: Schema | str, description: str = "It is done.") -> Answer:
    """Return an answer in JSON."""
    return Answer(description, {JSON: named(schema) if isinstance(schema, str) else schema})


def picture_answer(*types: str) -> Answer:
    """Return an answer that is a file."""
    return Answer("The file.", {kind: {} for kind in types})


def file_answers(*types: str) -> dict[int, Answer]:
    """Return the answers of a stored file, which is given in parts and kept by clients."""
    return {
        200: picture_answer(*types),
        206: Answer("The range that was asked for.", {kind: {} for kind in types}),
        304: Answer("The client has it."),
    }


PAGE = (
    query(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        "How many items at most.",
    ),
    query("cursor", TEXT, "The last page's next_cursor."),
)
FILE_HEADERS = (
    header("Range", TEXT, "One range of bytes."),
    header("If-None-Match", TEXT, "The ETag that the client has."),
    header("If-Match", TEXT, "The ETag that it has to be."),
)
FILE_PROBLEMS = {412: "precondition_failed", 416: "range_not_satisfiable"}
FLAG: Schema = {"type": "string", "enum": ["0", "1", "false", "true"]}
FILE: Schema = {"type": "string", "format": "binary"}
DONE = {204: Answer("It is done.")}
NO_SLOT = {404: "slot_not_found"}
NO_MEDIA = {404: "media_not_found"}
GONE = {404: "result_not_found", 410: "result_expired"}


def form_of(required: tuple[str, ...], **parts: Schema) -> Schema:
    """Return the schema of a multipart form."""
    return {"type": "object", "properties": parts, "required": list(required)}
