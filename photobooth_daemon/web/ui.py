"""The admin UI: its first page and its files, under a policy that lets no foreign code in."""

from __future__ import annotations

from http import HTTPStatus

from tornado.web import RequestHandler

from photobooth_daemon.errors import NotFound
from photobooth_daemon.web.base import Base
from photobooth_daemon.web.handler import Handler, unless_refused
from photobooth_daemon.web.ui_files import UiFile, UiFiles, accepts_gzip

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
FOREVER = f"public, max-age={365 * 24 * 3600}, immutable"


class UiHandler(Handler):
    """What the page and its files have in common."""

    public = True

    def initialize(self, base: Base, *, ui_files: UiFiles) -> None:
        """Take the files besides what every handler needs."""
        super().initialize(base)
        self.ui_files = ui_files

    def send_file(self, file: UiFile, cache_control: str) -> None:
        """Send ``file``, compressed for those who take it, or 304 to those who have it."""
        self.set_header("Cache-Control", cache_control)
        self.set_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Content-Type", file.content_type)
        body, etag = file.body, f'"{file.digest}"'
        if file.compressed is not None:
            self.set_header("Vary", "Accept-Encoding")
            if accepts_gzip(self.request.headers):
                self.set_header("Content-Encoding", "gzip")
                body, etag = file.compressed, f'"{file.digest}-gzip"'
        self.set_header("ETag", etag)
        if RequestHandler.check_etag_header(self):
            self.set_status(HTTPStatus.NOT_MODIFIED)
        else:
            self.write(body)


class UiIndexHandler(UiHandler):
    """``GET /``: the page, which names the files of this version."""

    @unless_refused
    async def get(self) -> None:
        """Send the page; it is asked for anew each time, so that an upgrade is seen."""
        self.send_file(self.ui_files.index, "no-cache")


class UiFileHandler(UiHandler):
    """``GET /ui/*``: a file, by its plain path or below the version's digest."""

    @unless_refused
    async def get(self, path: str) -> None:
        """Send the file.

        Raises:
            NotFound: there is no such file.
        """
        version, _, rest = path.partition("/")
        file, cache_control = self.ui_files.find(path), "no-cache"
        if version == self.ui_files.version:
            file, cache_control = self.ui_files.find(rest), FOREVER
        if file is None:
            raise NotFound
        self.send_file(file, cache_control)
