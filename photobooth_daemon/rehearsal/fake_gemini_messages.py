"""The words of ``generateContent``: requests understood as Google does, answers in its shapes."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photobooth_daemon.rehearsal.fake_gemini_errors import invalid
from photobooth_daemon.rehearsal.fake_picture import Order

RATIOS = (
    *("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"),
    *("1:4", "4:1", "1:8", "8:1"),
)
SIZES = ("512", "1K", "2K", "4K")
FOUL_TEXT = "no\0 \ud83d way"
"""JSON can say it: NUL, and one half of a surrogate pair."""
TOKENS_PER_PICTURE = 1120


@dataclass(frozen=True, slots=True)
class Asked:
    """A ``generateContent`` request, understood."""

    pictures: tuple[bytes, ...]
    prompt: str
    order: Order


def read_request(body: bytes) -> Asked:
    """Understand a request as leniently, and refuse it as strictly, as Google does.

    Raises:
        GeminiError: 400, as for the real one.
    """
    try:
        document = json.loads(body)
        parts = [part for content in document["contents"] for part in content["parts"]]
        config = _either(document, "generationConfig") or {}
        picture_config = _either(config, "imageConfig") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise invalid("Invalid JSON payload received.") from error
    if str(_either(config, "responseMimeType") or "text/").startswith("image/"):
        raise invalid("* GenerateContentRequest.generation_config.response_mime_type: not allowed")
    pictures = tuple(
        _decoded(_either(part, "inlineData")) for part in parts if _either(part, "inlineData")
    )
    if not pictures:
        raise invalid("Provide at least one image to edit.")
    ratio = _either(picture_config, "aspectRatio")
    if ratio is not None and ratio not in RATIOS:
        raise invalid("aspect_ratio is not one of the supported ones.")
    size = _either(picture_config, "imageSize") or "1K"
    if size.upper() not in SIZES:
        raise invalid("image_size is not one of the supported ones.")
    return Asked(
        pictures,
        " ".join(part["text"] for part in parts if "text" in part)[:2000],
        # A size in lower case is not refused: it quietly gives the smallest picture.
        Order(_proportion(ratio), size if size in SIZES else "512"),
    )


def _either(document: Mapping[str, Any], camel: str) -> Any:
    snake = re.sub(r"[A-Z]", lambda capital: f"_{capital.group().lower()}", camel)
    return document.get(camel, document.get(snake))


def _decoded(inline: Mapping[str, Any]) -> bytes:
    if not str(_either(inline, "mimeType")).startswith("image/"):
        raise invalid("Unsupported MIME type.")
    try:
        return base64.b64decode(inline["data"], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        raise invalid("Base64 decoding failed.") from error


def _proportion(ratio: str | None) -> float | None:
    if ratio is None:
        return None
    width, _, height = ratio.partition(":")
    return int(width) / int(height)


def inline(mime: str, data: str) -> dict[str, Any]:
    """Return the part that carries a picture."""
    return {"inlineData": {"mimeType": mime, "data": data}}


def content(parts: Sequence[Mapping[str, Any]] | None, reason: str) -> dict[str, Any]:
    """Return a candidate's content and how it ended; without parts, no content at all."""
    said = {"content": {"role": "model", "parts": list(parts)}} if parts is not None else {}
    return {**said, "finishReason": reason, "index": 0}


def envelope(
    candidate: Mapping[str, Any], model: str = "gemini", tokens: int = 0
) -> dict[str, Any]:
    """Return the answer of one candidate."""
    return {
        "candidates": [candidate],
        "usageMetadata": usage(tokens),
        "modelVersion": model,
        "responseId": uuid.uuid4().hex[:16],
    }


def usage(candidate_tokens: int) -> dict[str, Any]:
    """Return the tokens counted; a refused request costs its prompt."""
    return {
        "promptTokenCount": 560,
        "candidatesTokenCount": candidate_tokens,
        "totalTokenCount": 560 + candidate_tokens,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 44},
            {"modality": "IMAGE", "tokenCount": 516},
        ],
    }


def model(name: str) -> dict[str, Any]:
    """Return the entry of a model list."""
    return {
        "name": f"models/{name}",
        "displayName": name,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }
