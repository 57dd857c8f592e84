"""What absolute links start with, and whose address counts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from photobooth_daemon.config.public_address import PublicAddress
from photobooth_daemon.web.site import Site

GET = RequestStartLine("GET", "/", "HTTP/1.1")


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
    site = Site(address=PublicAddress(public_url), trusted_proxies=())
    request = HTTPServerRequest(start_line=GET, headers=HTTPHeaders({"Host": host}))
    assert site.absolute_url(request, "/r/1") == f"{start}/r/1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("::ffff:10.0.0.5", None, "10.0.0.5"),
        ("10.0.0.5", "192.0.2.1", "10.0.0.5"),
        ("::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", "2001:DB8:0:0::1", "2001:db8::1"),
        ("127.0.0.1", "192.0.2.1, nonsense", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1, 127.0.0.1, 127.0.0.1", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1" + ", 127.0.0.1" * 10_000, "127.0.0.1"),
        ("", None, ""),
    ],
)
def test_an_address_has_one_spelling(peer: str, forwarded: str | None, address: str) -> None:
    site = Site(address=PublicAddress(None), trusted_proxies=("127.0.0.1",))
    headers = HTTPHeaders({"Host": "booth.lan"})
    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded
    request = HTTPServerRequest(
        start_line=GET, headers=headers, connection=SimpleNamespace(context=_Peer(peer))
    )
    assert site.client_address(request) == address


class _Peer:
    protocol = "http"

    def __init__(self, remote_ip: str) -> None:
        self.remote_ip = remote_ip
