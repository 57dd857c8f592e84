"""``/metrics``: what Prometheus scrapes."""

from __future__ import annotations

from photobooth_daemon.errors import NotAuthenticated, PermissionMissing
from photobooth_daemon.metrics.series import Metrics
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.rendered import Rendered

PERMISSION = "metrics:read"


class MetricsHandler(Handler):
    """Every series, in the format that the scraper asks for.

    This machine and the networks of ``metrics_from`` read it, and tokens that may.
    """

    public = True
    served_while_draining = True

    def initialize(self, base: Base, *, metrics: Metrics, rendered: Rendered) -> None:
        """Take the series, and where the last exposition is kept."""
        super().initialize(base)
        self._metrics = metrics
        self._rendered = rendered

    async def admit(self) -> None:
        """Let those in who may read.

        Raises:
            PermissionMissing: everybody else.
        """
        await super().admit()
        if self.site.may_scrape(self.request):
            return
        try:
            identity = await self.authenticator.identify(self.request)
        except NotAuthenticated as error:
            raise PermissionMissing(PERMISSION) from error
        if PERMISSION not in identity.permissions:
            raise PermissionMissing(PERMISSION)

    @unless_refused
    async def get(self) -> None:
        """Answer with the exposition; a second's scrapes are shown the same one."""
        encode, content_type = self._metrics.encoder(self.request.headers.get("Accept", ""))
        body = await self._rendered.get(content_type, encode)
        self.set_header("Content-Type", content_type)
        self.write(body)
