"""What Gemini answers, taken apart: pictures, thoughts, errors and odd documents."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers.gemini.answers import read_answer, read_error
from photobooth_daemon.providers.http import Answer, failure_by_status


def scrub(text: str) -> str:
    return text


def inline(data: bytes, **more: Any) -> dict[str, Any]:
    return {
        "inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()},
        **more,
    }


def answer(*candidates: list[dict[str, Any]]) -> bytes:
    return json.dumps({"candidates": [{"content": {"parts": c}} for c in candidates]}).encode()


def test_the_last_picture_that_is_no_thought_is_taken() -> None:
    drafts = [inline(b"draft 1", thought=True), inline(b"draft 2", thought=True)]
    assert read_answer(answer(drafts), scrub).picture == b"draft 2"
    assert read_answer(answer([inline(b"a"), *drafts]), scrub).picture == b"a"
    assert read_answer(answer([inline(b"a")], [inline(b"b"), {"text": "x"}]), scrub).picture == b"b"
    broken = {"inlineData": {"data": "not base64!"}}
    assert read_answer(answer([inline(b"a"), broken]), scrub).picture == b"a"


@pytest.mark.parametrize("spelling", [
    lambda text: text.replace("+", "-").replace("/", "_"),
    lambda text: text.rstrip("="),
    lambda text: "\n".join(text[i : i + 60] for i in range(0, len(text), 60)),
])  # fmt: skip
def test_base64_of_relays_is_read(spelling: Any) -> None:
    data = bytes(range(256)) + b"\xfb\xff"
    part = {"inline_data": {"data": spelling(base64.b64encode(data).decode())}}
    assert read_answer(answer([part]), scrub).picture == data


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"[1, 2]", b'"text"', b"\xff\xfe", b"[" * 100_000, b"<html>"],
)
def test_nonsense_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(AttemptFailed) as failed:
        read_answer(body, scrub)
    assert failed.value.reason is Reason.BAD_RESPONSE


@pytest.mark.parametrize(
    "document",
    [
        {"candidates": "x"},
        {"candidates": [None, 3, {"content": "x"}, {"content": {"parts": [None, "x"]}}]},
        {
            "candidates": [
                {"content": {"parts": [{"inlineData": "x"}, {"inlineData": {"data": 3}}]}}
            ]
        },
        {"candidates": [{}], "usageMetadata": "x", "promptFeedback": "x", "responseId": 7},
    ],
)
def test_odd_documents_are_answers_without_a_picture(document: dict[str, Any]) -> None:
    with pytest.raises(AttemptFailed) as failed:
        read_answer(json.dumps(document).encode(), scrub)
    assert failed.value.reason is Reason.NO_IMAGE


def test_an_error_inside_a_200_is_an_error() -> None:
    body = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "The model is overloaded."}}
    with pytest.raises(AttemptFailed) as failed:
        read_answer(json.dumps(body).encode(), scrub)
    assert failed.value.reason is Reason.OVERLOADED


def test_errors_in_odd_shapes_still_have_a_reason() -> None:
    assert read_error(503, [{"error": {"message": "x"}}], {}, scrub).reason is Reason.OVERLOADED
    assert read_error(403, None, {}, scrub).reason is Reason.AUTH
    zero = {"error": {"message": "Quota exceeded, limit: 0, model: x"}}
    assert read_error(429, zero, {}, scrub).again == 0
    later = read_error(429, {"error": {}}, {"Retry-After": "9"}, scrub)
    assert later.retry_after_seconds == 9


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (413, "text/html", Reason.BAD_REQUEST),
        (403, "text/html", Reason.OVERLOADED),
        (403, "application/json", Reason.AUTH),
        (404, "text/html", Reason.MODEL_GONE),
        (302, "text/plain", Reason.BAD_RESPONSE),
        (520, "text/plain", Reason.OVERLOADED),
    ],
)
def test_a_status_alone_says_something(status: int, kind: str, reason: Reason) -> None:
    assert failure_by_status(Answer(status, {"Content-Type": kind}, b"x"), "x").reason is reason
