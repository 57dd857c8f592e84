"""What an Images API answered: base64 or a link, or why neither. Blocking: called in a thread."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.bodies import decoded
from photobooth_daemon.providers.http import Answer, failure_by_status
from photobooth_daemon.providers.picture_json import read_document

Scrub = Callable[[str], str]

NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DELAY = r"(\d{1,6}(?:\.\d{1,6})?)\s*(ms|s|m|h)(?![a-z])"


@dataclass(frozen=True, slots=True)
class Made:
    """A picture, or the link it can be had at."""

    picture: bytes | None = field(repr=False)
    url: str | None
    usage: Mapping[str, int]


def read_answer(body: bytes) -> Made:
    """Return what a 200 brought.

    Raises:
        AttemptFailed: no picture.
    """
    document = read_document(body)
    if not isinstance(document, Mapping) or not isinstance(document.get("data"), list):
        raise AttemptFailed(Reason.BAD_RESPONSE, "not an answer of an Images API")
    usage = _usage(document.get("usage"))
    for item in document["data"]:
        text = item.get("b64_json") if isinstance(item, Mapping) else None
        if isinstance(text, str | bytes) and text:
            picture = decoded(_without_head(text))
            if picture is None:
                raise AttemptFailed(Reason.BAD_RESPONSE, "the picture is not base64", usage=usage)
            return Made(picture, None, {**usage, "images": 1})
        url = item.get("url") if isinstance(item, Mapping) else None
        if isinstance(url, str) and url:
            return Made(None, url, {**usage, "images": 1})
    raise AttemptFailed(Reason.NO_IMAGE, "the answer holds no picture", again=0, usage=usage)


def _without_head(text: str | bytes) -> str | bytes:
    """Return what follows the head of a data URL, which some servers write."""
    if isinstance(text, bytes):
        return text.partition(b",")[2] if text.startswith(b"data:") else text
    return text.partition(",")[2] if text.startswith("data:") else text


def read_error(answer: Answer, scrub: Scrub, excerpt: str) -> AttemptFailed:
    """Return what an error answer means; local servers send plain text."""
    error = _error_of(answer)
    if error is None:
        return failure_by_status(answer, excerpt)
    text = str(error.get("message") or "")
    word = str(error.get("code") or error.get("type") or "")
    message = scrub(f"HTTP {answer.status} {word}: {text}")
    status = answer.status
    if word in NO_CREDIT or error.get("type") in NO_CREDIT:
        return AttemptFailed(Reason.QUOTA, message, again=0)
    if status == 429:
        delay = answer.retry_after_seconds() or _stated_delay(text)
        return AttemptFailed(Reason.QUOTA, message, retry_after_seconds=delay)
    if word in ("moderation_blocked", "content_policy_violation") or "safety system" in text:
        details = error.get("moderation_details")
        stage = details.get("moderation_stage") if isinstance(details, Mapping) else None
        return AttemptFailed(Reason.REFUSED, message, again=int(stage == "output"))
    if word in ("model_not_found", "invalid_model"):
        return AttemptFailed(Reason.MODEL_GONE, message)
    if word == "invalid_api_key":
        return AttemptFailed(Reason.AUTH, message)
    named = failure_by_status(answer, "")
    if named.reason is Reason.BAD_REQUEST and "overloaded" in text.lower():
        return AttemptFailed(Reason.OVERLOADED, message)
    return AttemptFailed(named.reason, message, retry_after_seconds=named.retry_after_seconds)


def _error_of(answer: Answer) -> Mapping[str, Any] | None:
    document = answer.document()
    error = document.get("error") if isinstance(document, Mapping) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, Mapping) else None


def _stated_delay(text: str) -> float | None:
    found = re.search(rf"try again in ((?:{_DELAY}\s*)+)", text)
    if found is None:
        return None
    return sum(float(count) * _UNITS[unit] for count, unit in re.findall(_DELAY, found[1]))


def _usage(figures: Any) -> dict[str, int]:
    if not isinstance(figures, Mapping):
        return {}
    details = figures.get("input_tokens_details")
    inner = details if isinstance(details, Mapping) else {}
    found = {
        "input_tokens": figures.get("input_tokens"),
        "input_text_tokens": inner.get("text_tokens"),
        "input_image_tokens": inner.get("image_tokens"),
        "output_tokens": figures.get("output_tokens"),
        "total_tokens": figures.get("total_tokens"),
    }
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, int) and not isinstance(value, bool)
    }
