"""What absolute links start with."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest

from photobooth_daemon.web.site import Site


@pytest.mark.parametrize(
    ("public_url", "host", "start"),
    [
        (None, "booth.lan:8080", "http://booth.lan:8080"),
        ("https://booth.example", "booth.lan:8080", "https://booth.example"),
        ("https://booth.example", "127.0.0.1:8080", "https://booth.example"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080", "localhost:9090", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "[::1]:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "192.168.1.10:8080", "http://192.168.1.10:8080"),
        ("http://localhost:8080", "booth.lan", "http://booth.lan"),
    ],
)
def test_links_start_with_the_public_url_else_the_host(
    public_url: str | None, host: str, start: str
) -> None:
    site = Site(public_url=public_url, trusted_proxies=())
    request = HTTPServerRequest("GET", "/", headers=HTTPHeaders({"Host": host}))
    assert site.absolute_url(request, "/r/1") == f"{start}/r/1"
