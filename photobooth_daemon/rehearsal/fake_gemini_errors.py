"""Google's error bodies, as ``generateContent`` sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TYPE = "type.googleapis.com/google.rpc."

DAILY_QUOTA: Mapping[str, Any] = {
    "@type": f"{_TYPE}QuotaFailure",
    "violations": [
        {
            "quotaMetric": (
                "generativelanguage.googleapis.com/generate_content_free_tier_requests"
            ),
            "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
            "quotaDimensions": {"location": "global"},
        }
    ],
}


class GeminiError(Exception):
    """An answer that is not a 200."""

    def __init__(
        self, status: int, word: str, message: str, details: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.word = word
        self.message = message
        self.details = details


def error_body(error: GeminiError) -> dict[str, Any]:
    """Return the JSON of the answer."""
    body: dict[str, Any] = {
        "code": error.status,
        "message": error.message,
        "status": error.word,
    }
    if error.details:
        body["details"] = list(error.details)
    return {"error": body}


def invalid(message: str) -> GeminiError:
    """Return the refusal of a request that Google cannot use."""
    return GeminiError(400, "INVALID_ARGUMENT", message)


def bad_key() -> GeminiError:
    """Return the refusal of a wrong key, which is a 400 with a reason in its details."""
    return GeminiError(
        400,
        "INVALID_ARGUMENT",
        "API key not valid. Please pass a valid API key.",
        (
            {
                "@type": f"{_TYPE}ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            },
        ),
    )


def model_gone(model: str) -> GeminiError:
    """Return the refusal of a model that is not there."""
    return GeminiError(
        404,
        "NOT_FOUND",
        f"models/{model} is not found for API version v1beta, "
        "or is not supported for generateContent.",
    )


def retry_info(delay: str) -> Mapping[str, Any]:
    """Return the detail that says when to come back, such as ``17s`` or ``0.5s``."""
    return {"@type": f"{_TYPE}RetryInfo", "retryDelay": delay}
