"""What a fake provider was asked: sizes, keys and times of every request, never a picture."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

KEPT_REQUESTS = 10_000


@dataclass(slots=True)
class SeenRequest:
    """One request, filled in as it goes on; ``key`` is kept for tests and never printed whole."""

    protocol: str
    method: str
    path: str
    started_at_seconds: float
    key: str | None = field(default=None, repr=False)
    key_in: str | None = None
    traceparent: str | None = None
    behaviour: str | None = None
    body_bytes: int = 0
    body_ms: int | None = None
    answered_ms: int | None = None
    status: int | None = None
    hung_up: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what ``GET /_requests`` shows of it."""
        return {
            "protocol": self.protocol,
            "method": self.method,
            "path": self.path,
            "at_seconds": round(self.started_at_seconds, 3),
            "key": f"…{self.key[-4:]}" if self.key else None,
            "key_in": self.key_in,
            "behaviour": self.behaviour,
            "body_bytes": self.body_bytes,
            "body_ms": self.body_ms,
            "answered_ms": self.answered_ms,
            "status": self.status,
            "hung_up": self.hung_up,
            **self.facts,
        }


class RequestLog:
    """The last requests, and how many were under way at once."""

    def __init__(self) -> None:
        self.requests: deque[SeenRequest] = deque(maxlen=KEPT_REQUESTS)
        self.in_flight = 0
        self.peak_in_flight = 0
        self._start = time.monotonic()

    def open(self, protocol: str, method: str, path: str) -> SeenRequest:
        """Record that a request has begun."""
        seen = SeenRequest(protocol, method, path, time.monotonic() - self._start)
        self.requests.append(seen)
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        return seen

    def close(self, seen: SeenRequest, *, status: int | None, hung_up: bool) -> None:
        """Record how it ended."""
        self.in_flight -= 1
        seen.status = status
        seen.hung_up = hung_up
        seen.answered_ms = self.elapsed_ms(seen)

    def elapsed_ms(self, seen: SeenRequest) -> int:
        """Return how long ago the request began."""
        return round((time.monotonic() - self._start - seen.started_at_seconds) * 1000)

    def as_json(self) -> dict[str, Any]:
        """Return the whole log."""
        return {
            "in_flight": self.in_flight,
            "peak_in_flight": self.peak_in_flight,
            "requests": [seen.as_json() for seen in self.requests],
        }

    def clear(self) -> None:
        """Forget the requests that have ended and those under way; the peak starts anew."""
        self.requests.clear()
        self.peak_in_flight = self.in_flight
