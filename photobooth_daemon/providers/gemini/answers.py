"""What Gemini answered: the picture wherever it is, or why there is none.

A 200 is not success. The picture may be in any candidate and any part, drafts
of a thinking model come first, and an answer without a picture has a dozen
shapes. Blocking work on large texts: called in a thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.bodies import decoded
from photobooth_daemon.providers.driver import ProviderResult
from photobooth_daemon.providers.picture_json import read_document

Scrub = Callable[[str], str]

# Everything that is not here ends a rung: a word that is not known yet is
# taken for a refusal, because repeating those costs money and changes nothing.
_FINISH: Mapping[str, tuple[Reason, int | None]] = {
    "NO_IMAGE": (Reason.NO_IMAGE, None),
    "": (Reason.NO_IMAGE, None),
    "STOP": (Reason.NO_IMAGE, 1),
    "IMAGE_OTHER": (Reason.NO_IMAGE, 1),
    "OTHER": (Reason.NO_IMAGE, 1),
    "MAX_TOKENS": (Reason.NO_IMAGE, 1),
    "IMAGE_SAFETY": (Reason.REFUSED, 1),
    "MALFORMED_FUNCTION_CALL": (Reason.NO_IMAGE, 0),
    "UNEXPECTED_TOOL_CALL": (Reason.NO_IMAGE, 0),
    "TOO_MANY_TOOL_CALLS": (Reason.NO_IMAGE, 0),
    "FINISH_REASON_UNSPECIFIED": (Reason.NO_IMAGE, 0),
}
_USAGE = {
    "promptTokenCount": "input_tokens",
    "candidatesTokenCount": "output_tokens",
    "thoughtsTokenCount": "thought_tokens",
    "totalTokenCount": "total_tokens",
}


def read_answer(body: bytes, scrub: Scrub) -> ProviderResult:
    """Return the picture of a 200; ``scrub`` frees Google's words of the key.

    Raises:
        AttemptFailed: there is none, and why.
    """
    document = _parsed(body)
    if "error" in document and "candidates" not in document:
        raise read_error(200, document, {}, scrub)
    usage = _usage(document.get("usageMetadata"))
    response_id = document.get("responseId")
    request_id = response_id if isinstance(response_id, str) else None
    candidates = _dicts(document.get("candidates"))
    images = [image for candidate in candidates for image in _images(candidate)]
    final = [data for data, thought in images if not thought]
    for data in reversed(final or [data for data, _ in images]):
        picture = decoded(data)
        if picture is not None:
            return ProviderResult(picture, request_id, {**usage, "images": 1})
    if images:
        raise AttemptFailed(
            Reason.BAD_RESPONSE,
            "the picture is not base64",
            provider_request_id=request_id,
            usage=usage,
        )
    reason, again, message = _why_none(document, candidates)
    raise AttemptFailed(
        reason, scrub(message), again=again, provider_request_id=request_id, usage=usage
    )


def read_error(
    status: int, document: Any, headers: Mapping[str, str], scrub: Scrub
) -> AttemptFailed:
    """Return what an error body of Google's means."""
    if isinstance(document, list) and document:
        document = document[0]
    error = document.get("error") if isinstance(document, Mapping) else None
    if not isinstance(error, Mapping):
        error = {"message": str(error or "")}
    code = error.get("code")
    if status == 200 and isinstance(code, int):
        status = code
    word, text = str(error.get("status") or ""), str(error.get("message") or "")
    details = _dicts(error.get("details"))
    message = scrub(f"HTTP {status} {word}: {text}")
    retry_after = _retry_delay(details, headers)
    if any(d.get("reason") == "API_KEY_INVALID" for d in details) or "API key not valid" in text:
        return AttemptFailed(Reason.AUTH, message)
    if status == 429 or word == "RESOURCE_EXHAUSTED":
        spent = _spent_for_today(details, text)
        return AttemptFailed(
            Reason.QUOTA,
            message,
            again=0 if spent else None,
            retry_after_seconds=None if spent else retry_after,
        )
    if word == "FAILED_PRECONDITION" or status in (401, 403):
        # The egress country, billing, a blocked key: the account, not the photo.
        return AttemptFailed(Reason.AUTH, message)
    if status == 404:
        return AttemptFailed(Reason.MODEL_GONE, message)
    if status >= 500 or status in (408, 499) or "overloaded" in text.lower():
        return AttemptFailed(Reason.OVERLOADED, message, retry_after_seconds=retry_after)
    if status == 200:
        return AttemptFailed(Reason.BAD_RESPONSE, message)
    return AttemptFailed(Reason.BAD_REQUEST, message)


def describes_model(body: bytes) -> bool:
    """Return whether a 200 is the description of a model, not a page of somebody in between."""
    try:
        return isinstance(_parsed(body).get("name"), str)
    except AttemptFailed:
        return False


def _parsed(body: bytes) -> Mapping[str, Any]:
    document = read_document(body)
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    if not isinstance(document, Mapping):
        raise AttemptFailed(Reason.BAD_RESPONSE, "not a JSON object")
    return document


def _images(candidate: Mapping[str, Any]) -> Iterator[tuple[str | bytes, bool]]:
    """Yield each picture's base64 and whether it is a draft of the model's thinking."""
    content = candidate.get("content")
    for part in _dicts(content.get("parts") if isinstance(content, Mapping) else None):
        inline = part.get("inlineData") or part.get("inline_data")
        data = inline.get("data") if isinstance(inline, Mapping) else None
        if isinstance(data, str | bytes) and data:
            yield data, part.get("thought") is True


def _why_none(
    document: Mapping[str, Any], candidates: Iterable[Mapping[str, Any]]
) -> tuple[Reason, int | None, str]:
    feedback = document.get("promptFeedback")
    block = feedback.get("blockReason") if isinstance(feedback, Mapping) else None
    if block:
        said = feedback.get("blockReasonMessage") if isinstance(feedback, Mapping) else None
        return Reason.REFUSED, 0, f"prompt blocked: {block} {said or ''}".strip()
    finish, said = "", ""
    for candidate in candidates:
        finish = str(candidate.get("finishReason") or finish)
        said = str(candidate.get("finishMessage") or said or _first_text(candidate))
    reason, again = _FINISH.get(finish, (Reason.REFUSED, 0))
    return reason, again, f"{finish or 'no finishReason'}: {said}".rstrip(": ")


def _first_text(candidate: Mapping[str, Any]) -> str:
    content = candidate.get("content")
    for part in _dicts(content.get("parts") if isinstance(content, Mapping) else None):
        if isinstance(part.get("text"), str):
            return str(part["text"])
    return ""


def _usage(figures: Any) -> dict[str, int]:
    if not isinstance(figures, Mapping):
        return {}
    return {
        ours: figures[theirs]
        for theirs, ours in _USAGE.items()
        if isinstance(figures.get(theirs), int) and not isinstance(figures[theirs], bool)
    }


def _retry_delay(details: Iterable[Mapping[str, Any]], headers: Mapping[str, str]) -> float | None:
    stated = [str(d["retryDelay"]) for d in details if d.get("retryDelay") is not None]
    for text in [*stated, headers.get("Retry-After", "")]:
        found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)s?", text.strip())
        if found:
            return float(found[1])
    return None


def _spent_for_today(details: Iterable[Mapping[str, Any]], text: str) -> bool:
    ids = [
        str(violation.get("quotaId", ""))
        for detail in details
        for violation in _dicts(detail.get("violations"))
    ]
    return (
        any("PerDay" in quota_id for quota_id in ids) or re.search(r"limit: 0\b", text) is not None
    )


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
