"""Which of several forms of an answer a client prefers (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Mapping


def preferred(accept: str, forms: Mapping[str, str], default: str) -> str:
    """Return the form of the media type that ``Accept`` ranks highest; else ``default``."""
    best, best_weight = default, 0.0
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        form = forms.get(kind)
        weight = _weight(parameters)
        if form is not None and weight > best_weight:
            best, best_weight = form, weight
    return best


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
