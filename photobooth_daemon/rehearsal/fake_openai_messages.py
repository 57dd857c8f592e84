"""The words of ``/v1/images/edits``: requests refused as strictly as OpenAI does, its errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tornado.httputil import HTTPFile, parse_multipart_form_data

KNOWN_FIELDS = frozenset(
    {
        *("model", "prompt", "n", "size", "quality", "background", "output_format"),
        *("output_compression", "input_fidelity", "moderation", "complexity", "user", "stream"),
        *("partial_images", "safety_identifier"),
    }
)
FIXED_SIZES = ("auto", "1024x1024", "1536x1024", "1024x1536")
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp")
MODELS = (
    "gpt-image-1",
    "gpt-image-1-mini",
    "gpt-image-1.5",
    "chatgpt-image-latest",
    "gpt-image-2",
    "gpt-image-2.5-flare",
    "gpt-image-2.5-sunburst",
    "gpt-image-2.6-flare",
    "gpt-image-2.6-sunburst",
)


class OpenAIError(Exception):
    """An answer that is not a 200."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": kind, "param": param, "code": code, **more}
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """An edit request, understood."""

    model: str
    prompt: str
    pictures: tuple[bytes, ...]
    fields: Mapping[str, str]


def read_request(content_type: str, body: bytes, *, strict: bool = True) -> Asked:
    """Understand a form as OpenAI does; not ``strict``, as a local server does.

    Raises:
        OpenAIError: 400 or 404, as for the real one.
    """
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    _, _, boundary = content_type.partition("boundary=")
    parse_multipart_form_data(boundary.encode(), body, arguments, files)
    fields = {name: values[-1].decode() for name, values in arguments.items()}
    pictures = [file for name in ("image[]", "image") for file in files.get(name, [])]
    for index, file in enumerate(pictures):
        _check_file(file, "image" if len(pictures) == 1 else f"image[{index}]")
    if not pictures or not fields.get("prompt"):
        missing = "prompt" if pictures else "image"
        message = f"Missing required parameter: '{missing}'."
        raise OpenAIError(400, "missing_required_parameter", message, param=missing)
    if strict:
        _check_fields(fields)
    return Asked(
        fields.get("model", "gpt-image-1.5"),
        fields["prompt"],
        tuple(file.body for file in pictures),
        fields,
    )


def _check_file(file: HTTPFile, param: str) -> None:
    if file.content_type not in PICTURE_TYPES or not file.filename:
        message = (
            f"Invalid file '{param}': unsupported mimetype ('{file.content_type}'). "
            "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'."
        )
        raise OpenAIError(400, "unsupported_file_mimetype", message, param=param)


def _check_fields(fields: Mapping[str, str]) -> None:
    model = fields.get("model", "")
    for name in fields:
        if name not in KNOWN_FIELDS:
            message = f"Unknown parameter: '{name}'."
            raise OpenAIError(400, "unknown_parameter", message, param=name)
    if model not in MODELS:
        message = f"The model '{model}' does not exist or you do not have access to it."
        raise OpenAIError(404, "model_not_found", message)
    if "input_fidelity" in fields and model not in ("gpt-image-1", "gpt-image-1.5"):
        message = f"The model '{model}' does not support the 'input_fidelity' parameter."
        kind = "image_generation_user_error"
        raise OpenAIError(400, "invalid_input_fidelity_model", message, kind=kind)
    if "complexity" in fields and "2.6" not in model:
        raise _invalid("complexity", fields["complexity"])
    if not _size_fits(model, fields.get("size", "auto")):
        raise _invalid("size", fields["size"])
    qualities: Sequence[str] = ("low", "medium", "high", "auto")
    if "2.5" in model or "2.6" in model:
        qualities = (*qualities, "xhigh", "max")
    if fields.get("quality", "auto") not in qualities:
        raise _invalid("quality", fields["quality"])


def _size_fits(model: str, size: str) -> bool:
    if size in FIXED_SIZES:
        return True
    if "-2" not in model:
        return False
    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit()):
        return False
    longer, shorter = sorted((int(width), int(height)), reverse=True)
    steps = longer % 16 == 0 == shorter % 16 and shorter > 0
    return steps and longer <= 3 * shorter and longer <= 3840 and shorter <= 2160


def _invalid(param: str, value: str) -> OpenAIError:
    message = f"Invalid value: '{value}'. See the documentation for '{param}'."
    return OpenAIError(400, "invalid_value", message, param=param)
