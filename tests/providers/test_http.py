"""Links out of answers: where they may lead, what they may bring, who gets the key."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from yarl import URL

from photobooth_daemon.clock import Clock
from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, Reason
from photobooth_daemon.providers import addresses
from photobooth_daemon.providers.addresses import PrivateAddress, PublicResolver, is_public
from photobooth_daemon.providers.driver import ProviderConfig
from photobooth_daemon.providers.http import BEARER, Answer, ProviderHttp
from tests.support.drivers import KEY, canned


def soon() -> Deadline:
    return Deadline.after(Clock(), 10)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("192.0.0.8", False),
        ("192.0.2.1", False),
        ("192.88.99.1", False),
        ("198.18.0.1", False),
        ("198.51.100.1", False),
        ("203.0.113.1", False),
        ("240.0.0.1", False),
        ("239.1.1.1", False),
        ("192.0.1.1", True),
        ("198.20.0.1", True),
        ("::127.0.0.1", False),
        ("::8.8.8.8", False),
        ("64:ff9b:1::a00:1", False),
        ("64:ff9b:1::808:808", False),
        ("fec0::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("ff0e::1", False),
        ("100::1", False),
        ("5f00::1", False),
        ("4000::1", False),
        ("2001:0:a00:1::f5ff:fffe", False),
        ("2001:2::1", False),
        ("2001:10::1", False),
        ("2001:db8::1", False),
        ("2002:a00:1::1", False),
        ("3fff::1", False),
        ("2001:4860:4860::8888", True),
        ("2a00:1450:4001::1", True),
        ("2606:4700::200:5efe:10.0.0.1", False),
        ("2606:4700::5efe:10.0.0.1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_a_name_that_resolves_to_a_private_address_is_not_followed() -> None:
    resolver = PublicResolver()
    with pytest.raises(PrivateAddress):
        await resolver.resolve("localhost", 80)
    with pytest.raises(PrivateAddress):
        await resolver.resolve("2130706433", 80)
    await resolver.close()


def provider_http(session: aiohttp.ClientSession, url: str, **config: Any) -> ProviderHttp:
    given = {"api_key": KEY, "base_url": url, **config}
    return ProviderHttp(ProviderConfig("x", **given), session, default_base_url=url)


async def test_the_key_goes_to_the_apis_own_host_only() -> None:
    async with canned() as vendor, canned() as other, aiohttp.ClientSession() as session:
        vendor.will(302, "", Location=f"{other.url}/picture")
        other.will(200, b"picture")
        config = ProviderConfig("x", vendor.url, KEY, local=True)
        http = ProviderHttp(config, session, default_base_url="", key_header=BEARER)
        answer = await http.fetch_link(f"{vendor.url}/a", deadline=soon())
        assert bytes(answer.body) == b"picture"
        assert vendor.requests[0].headers["Authorization"] == f"Bearer {KEY}"
        assert "Authorization" not in other.requests[0].headers


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "//u:p@x.example/", "gopher://x/", "http://[x/", "http://h:99999/"],
)
async def test_a_redirect_to_something_else_is_not_followed(target: str) -> None:
    async with canned() as server, aiohttp.ClientSession() as session:
        server.will(302, "", Location=target)
        http = provider_http(session, server.url, local=True)
        with pytest.raises(AttemptFailed) as failed:
            await http.fetch_link(f"{server.url}/a", deadline=soon())
        assert len(server.requests) == 1
    assert failed.value.reason is Reason.BAD_RESPONSE


LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "127\u30020\u30020\u30021",
    "127.0.0.01",
    "127.0.0.1.",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
]


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
@pytest.mark.parametrize("proxy", [False, True])
async def test_no_spelling_of_loopback_reaches_a_listener_there(host: str, proxy: bool) -> None:
    async with canned() as inner, aiohttp.ClientSession() as session:
        inner.will(200, "of the studio's own network")
        config = {"proxy": inner.url} if proxy else {}
        http = provider_http(session, "http://vendor.example", **config)
        with pytest.raises(AttemptFailed) as failed:
            await http.fetch_link(f"http://{host}:{URL(inner.url).port}/", deadline=soon())
        assert (failed.value.reason, inner.requests) == (Reason.BAD_RESPONSE, [])


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
async def test_neither_does_a_redirect(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    def public(address: str) -> bool:
        return address == "127.0.0.2" or is_public(address)

    monkeypatch.setattr(addresses, "is_public", public)
    async with (
        canned() as inner,
        canned("127.0.0.2") as vendor,
        aiohttp.ClientSession() as session,
    ):
        inner.will(200, "of the studio's own network")
        target = f"http://{host}:{URL(inner.url).port}/"
        vendor.will(302, "", Location=target.encode().decode("latin-1"))
        http = provider_http(session, vendor.url)
        with pytest.raises(AttemptFailed) as failed:
            await http.fetch_link(vendor.url, deadline=soon())
        assert (failed.value.reason, inner.requests) == (Reason.BAD_RESPONSE, [])
        assert len(vendor.requests) == 1


async def test_a_link_that_goes_in_circles_or_holds_too_much_is_given_up() -> None:
    async with canned() as server, aiohttp.ClientSession() as session:
        http = provider_http(session, server.url, local=True)
        server.will(302, "", Location="/again")
        with pytest.raises(AttemptFailed, match="too often"):
            await http.fetch_link(f"{server.url}/a", deadline=soon())
        assert len(server.requests) == 4
        server.answers.clear()
        server.will(200, b"x" * 5000)
        with pytest.raises(AttemptFailed, match="over 1000 bytes"):
            await http.fetch_link(f"{server.url}/a", deadline=soon(), limit_bytes=1000)


async def test_an_error_page_is_read_only_so_far() -> None:
    async with canned() as server, aiohttp.ClientSession() as session:
        server.will(500, b"x" * 3_000_000)
        answer = await provider_http(session, server.url).get("/", deadline=soon())
    assert answer.status == 500
    assert len(answer.body) <= 256 * 1024


async def test_what_is_quoted_is_short_plain_and_without_the_key() -> None:
    page = f"<html><style>a{{}}</style><h1>Oh</h1>\n<p>{KEY}</p><script>x()</script></html>"
    answer = Answer(500, {"Content-Type": "text/html"}, page.encode())
    async with aiohttp.ClientSession() as session:
        http = provider_http(session, "http://x")
        assert http.excerpt(answer) == "Oh ***"
        assert len(http.excerpt(Answer(500, {}, b"\xff" * 9000))) <= 300
