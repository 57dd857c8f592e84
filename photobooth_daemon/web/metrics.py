"""``/metrics``: what Prometheus scrapes."""

from __future__ import annotations

from typing import Any

from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.web.handler import Handler


class MetricsHandler(Handler):
    """Every series, in the format that the scraper asks for."""

    public = True
    served_while_draining = True

    def initialize(self, *, metrics: Metrics, **base: Any) -> None:
        """Take the series."""
        super().initialize(**base)
        self.metrics = metrics

    async def get(self) -> None:
        """Answer with the exposition; nothing is measured for it, so it is quick."""
        body, content_type = self.metrics.exposition(self.request.headers.get("Accept", ""))
        self.set_header("Content-Type", content_type)
        self.write(body)
