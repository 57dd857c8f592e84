"""Turbotext's words: answers of the queue, error codes, where the result's link hides.

No live traffic was seen, the vendor's page and other people's notes contradict
each other: every name of a field or a code is here, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.http import Answer, failure_by_status

Scrub = Callable[[str], str]

# A code may stand alone or inside a sentence. Every create is paid for, so
# what the photo or the slot is the cause of is never asked twice.
_ERRORS: Mapping[str, tuple[Reason, int | None]] = {
    "limit": (Reason.QUOTA, 0),
    "url_error": (Reason.INPUT_NOT_FETCHED, None),
    "params_error": (Reason.BAD_REQUEST, None),
    "size_error": (Reason.BAD_REQUEST, None),
    "face_not_detected": (Reason.REFUSED, 0),
    "face_not_found": (Reason.REFUSED, 0),
    "quality_limit": (Reason.REFUSED, 0),
    "forbidden_content": (Reason.REFUSED, 0),
    "provider_busy": (Reason.OVERLOADED, None),
}
_UNREADY_ACTIONS = ("reconnect",)
_UNREADY_STATUSES = ("processing", "queued", "pending")


def read_object(answer: Answer, scrub: Scrub, excerpt: str) -> Mapping[str, Any]:
    """Return the JSON object of an answer.

    Raises:
        AttemptFailed: an error status, or not an object.
    """
    document = answer.document()
    if answer.status >= 400 and isinstance(document, Mapping):
        named = _error(str(document.get("error", "")), scrub)
        if named.reason is not Reason.BAD_RESPONSE:
            raise named
    if answer.status == 429:
        raise AttemptFailed(Reason.QUOTA, f"HTTP 429: {excerpt}", again=0)
    if answer.status != 200:
        raise failure_by_status(answer, excerpt)
    if not isinstance(document, Mapping):
        raise AttemptFailed(Reason.BAD_RESPONSE, f"not JSON: {excerpt}")
    return document


def read_created(document: Mapping[str, Any], scrub: Scrub) -> str:
    """Return the queue id of a create's answer, a number or a string there.

    Raises:
        AttemptFailed: it was not taken.
    """
    _check_success(document, scrub)
    queue_id = document.get("queueid")
    if isinstance(queue_id, bool) or not isinstance(queue_id, int | str) or queue_id == "":
        raise AttemptFailed(Reason.BAD_RESPONSE, "no queueid")
    return str(queue_id)


def read_result(document: Mapping[str, Any], base_url: str, scrub: Scrub) -> str | None:
    """Return the result's link from a poll's answer, or None while it is not ready.

    Raises:
        AttemptFailed: the entry failed.
    """
    if document.get("action") in _UNREADY_ACTIONS or document.get("status") in _UNREADY_STATUSES:
        return None
    _check_success(document, scrub)
    data = document.get("data")
    data = data if isinstance(data, Mapping) else {}
    if str(data.get("forbidden_content", "")).lower() in ("true", "1"):
        raise AttemptFailed(Reason.REFUSED, "forbidden_content", again=0)
    images = data.get("image")
    first = images[0] if isinstance(images, list) and images else images
    for link in (document.get("uploaded_image"), data.get("uploaded_image"), first):
        if isinstance(link, str) and link:
            try:
                return urljoin(f"{base_url}/", link)
            except ValueError as error:
                raise AttemptFailed(Reason.BAD_RESPONSE, "the link is not a URL") from error
    raise AttemptFailed(Reason.NO_IMAGE, "success without a link", again=0)


def _check_success(document: Mapping[str, Any], scrub: Scrub) -> None:
    if str(document.get("success", "")).lower() in ("true", "1"):
        return
    raise _error(str(document.get("error") or document.get("message") or ""), scrub)


def _error(text: str, scrub: Scrub) -> AttemptFailed:
    words = re.findall(r"[a-z_]+", text.lower())
    for code, (reason, again) in _ERRORS.items():
        if code in words:
            return AttemptFailed(reason, scrub(text), again=again)
    return AttemptFailed(Reason.BAD_RESPONSE, scrub(text) or "neither success nor an error")
