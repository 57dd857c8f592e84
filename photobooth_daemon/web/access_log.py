"""One line and one count for each answered request; Tornado's ``log_function``."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

from tornado.web import RequestHandler

from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.model.slot_ids import SLOT_IDS
from photobooth_daemon.monitoring.recent_problems import RecentProblems

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
PROBES = ("/metrics", "/healthz", "/livez", "/readyz")

_KEY_IN_PATH = re.compile(r"^(/(?:board|g)/)[^/]{8,}")
"""A link that is a key by itself: who reads the log is not to have it."""

log = logging.getLogger("photobooth_daemon.access")


class AccessLog:
    """Logs requests without their query strings, where passwords and keys might hide."""

    def __init__(self, metrics: Metrics, problems: RecentProblems) -> None:
        self._metrics = metrics
        self._problems = problems

    def __call__(self, handler: RequestHandler) -> None:
        """Log and count the request that ``handler`` has answered."""
        request = handler.request
        status = handler.get_status()
        method = request.method if request.method in METHODS else "other"
        self._metrics.http_requests_total.labels(method, str(status)).inc()
        code = getattr(handler, "problem_code", None)
        if code is not None:
            self._metrics.refused_requests_total.labels(code).inc()
            self._problems.note(code, _camera_slot(request.path))
        log.log(
            _level(request.path, status),
            "%s %s %d",
            method,
            _KEY_IN_PATH.sub(r"\1…", request.path)[:200],
            status,
            extra={
                "status": status,
                "code": code,
                "duration_ms": round(request.request_time() * 1000),
                "address": request.remote_ip,
                "request_id": getattr(handler, "request_id", None),
            },
        )


def _camera_slot(path: str) -> str:
    """Return the slot that a camera's photo was for; else nothing, whoever made the path up."""
    slot_id = path.removeprefix("/api/ingest/")
    return slot_id if slot_id in SLOT_IDS else ""


def _level(path: str, status: int) -> int:
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return logging.ERROR
    return logging.DEBUG if path in PROBES and status < HTTPStatus.BAD_REQUEST else logging.INFO
