"""HTTP calls to providers: bounded in size and time, and every way they fail has its reason.

A call ends by ``deadline``; an answer is read up to a cap; redirects of API
calls are not followed, because the key travels in a header. Text from a
provider is cut and freed of the key before it goes into an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from photobooth_daemon.deadline import Deadline
from photobooth_daemon.errors import AttemptFailed, DeadlinePassed, Reason
from photobooth_daemon.logs import current_log_fields
from photobooth_daemon.model import MB
from photobooth_daemon.model.trace import child_of
from photobooth_daemon.providers.addresses import (
    PrivateAddress,
    PublicResolver,
    refuse_local_name,
    refuse_private_literal,
)
from photobooth_daemon.providers.driver import ProviderConfig

MAX_ANSWER_BYTES = 48 * MB
"""The largest answer read: a 4K picture in base64 with room to spare."""
MAX_ERROR_BYTES = 256 * 1024
CONNECT_SECONDS = 8.0
MAX_LINK_HOPS = 3
SHORTEST_KEY = 4
EXCERPT_CHARACTERS = 300
BEARER = "Authorization"
"""The header in which a key stands after the word Bearer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of a provider; ``body`` is not logged and not yet trusted."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def document(self) -> Any:
        """Return what the body says in JSON, or None where it is not JSON."""
        return document_of(self.body)

    def is_html(self) -> bool:
        """Return whether a front end or a proxy wrote it, not the API."""
        kind = self.headers.get("Content-Type", "").lower()
        return "html" in kind or self.body[:64].lstrip().lower().startswith(
            (b"<!doctype", b"<html")
        )

    def retry_after_seconds(self) -> float | None:
        """Return the delay that ``Retry-After`` states in seconds; a date there is not used."""
        text = self.headers.get("Retry-After", "").strip()
        return float(text) if re.fullmatch(r"\d{1,6}(\.\d+)?", text) else None


class ProviderHttp:
    """One provider's calls: its base URL, proxy and key, over the shared session.

    With a ``key_header`` the key goes into every call to the API, and to no other
    host. Without a key nothing is asked, unless ``key_required`` is false; by
    default an address of one's own (``base_url``) may do without.
    """

    def __init__(
        self,
        config: ProviderConfig,
        http: aiohttp.ClientSession,
        *,
        default_base_url: str,
        key_header: str | None = None,
        key_required: bool | None = None,
    ) -> None:
        self.base_url = (config.base_url or default_base_url).rstrip("/")
        self.key_required = config.base_url is None if key_required is None else key_required
        self._config = config
        self._http = http
        self._key_header = key_header

    async def post(self, path: str, *, deadline: Deadline, **more: Any) -> Answer:
        """Send a POST to the API; as :meth:`call`."""
        return await self.call("POST", path, deadline=deadline, **more)

    async def get(self, path: str, *, deadline: Deadline, **more: Any) -> Answer:
        """Send a GET to the API; as :meth:`call`."""
        return await self.call("GET", path, deadline=deadline, **more)

    async def call(
        self,
        method: str,
        path: str,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        limit_bytes: int = MAX_ANSWER_BYTES,
        **more: Any,
    ) -> Answer:
        """Make one call to the API and return the answer, whatever its status.

        Raises:
            AttemptFailed: unreachable, no key, or more than ``limit_bytes``.
            DeadlinePassed: the time was used up.
        """
        sent = {"Accept-Encoding": "identity", **self._with_key(), **_trace(), **(headers or {})}
        url = f"{self.base_url}{path}"
        async with self._limits(deadline) as timeout:
            more |= {"timeout": timeout, "proxy": self._config.proxy, "allow_redirects": False}
            response = await self._http.request(method, url, headers=sent, **more)
            async with response:
                return await _read(response, limit_bytes)
        raise AssertionError("the block returns or raises")

    async def fetch_link(
        self,
        url: str,
        *,
        deadline: Deadline,
        limit_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        """Fetch what a link in an answer names; the key goes to the API's own host only.

        Raises:
            AttemptFailed: ``bad_response`` for a link that must not be followed
                (scheme, private address, too many hops) or holds too much;
                ``unreachable``.
            DeadlinePassed: the time was used up.
        """
        for _ in range(MAX_LINK_HOPS + 1):
            async with self._limits(deadline) as timeout:
                link = self._checked_link(url)
                own = link.origin() == URL(self.base_url).origin()
                headers = {"Accept-Encoding": "identity", **(self._with_key() if own else {})}
                async with (
                    self._link_session() as session,
                    session.get(
                        link,
                        headers=headers,
                        allow_redirects=False,
                        timeout=timeout,
                        proxy=self._config.proxy,
                    ) as response,
                ):
                    target = response.headers.get("Location")
                    if response.status not in (301, 302, 303, 307, 308) or not target:
                        return await _read(response, limit_bytes)
                    url = str(link.join(URL(target)))
        raise AttemptFailed(Reason.BAD_RESPONSE, "the link redirects too often")

    def scrub(self, text: str) -> str:
        """Return a provider's text in one line, cut to size, with the key blotted out."""
        key = self._config.api_key
        if key and len(key) >= SHORTEST_KEY:
            for form in {key, quote(key, safe="")}:
                text = text.replace(form, "***")
        return " ".join(text.split())[:EXCERPT_CHARACTERS]

    def excerpt(self, answer: Answer) -> str:
        """Return the beginning of an answer that could not be read, for an error."""
        text = bytes(answer.body[:4096]).decode("utf-8", "replace")
        if answer.is_html():
            text = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", text)
        return self.scrub(text)

    def _with_key(self) -> dict[str, str]:
        key, header = self._config.api_key, self._key_header
        if header is None:
            return {}
        if key:
            return {header: f"Bearer {key}" if header == BEARER else key}
        if self.key_required:
            raise AttemptFailed(Reason.AUTH, f"no key is configured for {self._config.name}")
        return {}

    def _checked_link(self, url: str) -> URL:
        """Return the link as it will be followed: what is checked is what is connected to."""
        link = URL(url)
        named = link.raw_user is not None or link.raw_password is not None
        if link.scheme not in ("http", "https") or not link.raw_host or named:
            raise AttemptFailed(Reason.BAD_RESPONSE, "the link is not a plain http(s) one")
        if not self._config.local:
            refuse_private_literal(link.raw_host)
            if self._config.proxy:
                refuse_local_name(link.raw_host)
        return link

    @asynccontextmanager
    async def _link_session(self) -> AsyncIterator[aiohttp.ClientSession]:
        # Through a proxy the only address resolved here is the proxy's own.
        if self._config.local or self._config.proxy:
            yield self._http
            return
        connector = aiohttp.TCPConnector(resolver=PublicResolver(), force_close=True)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            yield session

    @asynccontextmanager
    async def _limits(self, deadline: Deadline) -> AsyncIterator[aiohttp.ClientTimeout]:
        """End the call with the deadline (aiohttp's own timers round up) and name its faults."""
        try:
            async with deadline.enforced():
                yield _timeout(deadline)
        except TimeoutError as error:
            if isinstance(error, aiohttp.ServerTimeoutError) and not deadline.passed():
                raise AttemptFailed(Reason.UNREACHABLE, "no connection in time") from error
            raise DeadlinePassed from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._named(error) from error
        except ValueError as error:
            # What yarl and the header parser make of nonsense from the other side.
            raise AttemptFailed(Reason.BAD_RESPONSE, "not an HTTP answer") from error

    def _named(self, error: Exception) -> AttemptFailed:
        cause = error.__cause__ or getattr(error, "os_error", None)
        if isinstance(error, PrivateAddress) or isinstance(cause, PrivateAddress):
            return AttemptFailed(Reason.BAD_RESPONSE, "the link leads to a private address")
        if isinstance(error, aiohttp.InvalidURL):
            return AttemptFailed(Reason.BAD_RESPONSE, "the link is not a URL")
        if isinstance(error, aiohttp.ClientHttpProxyError):
            return AttemptFailed(Reason.UNREACHABLE, f"the proxy answered {error.status}")
        if isinstance(error, aiohttp.ClientResponseError):
            return AttemptFailed(Reason.BAD_RESPONSE, "not an HTTP answer")
        return AttemptFailed(Reason.UNREACHABLE, self.scrub(f"{type(error).__name__}: {error}"))


def document_of(body: bytes, *, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Return what a body says in JSON, or None where it is not JSON, or nested without end."""
    try:
        return json.loads(body, object_hook=object_hook)
    except (ValueError, RecursionError):
        return None


def failure_by_status(answer: Answer, message: str) -> AttemptFailed:
    """Return what an error answer means by its status alone, where its body says no more."""
    status = answer.status
    retry_after = answer.retry_after_seconds()
    text = f"HTTP {status}: {message}" if message else f"HTTP {status}"
    if status == 429:
        return AttemptFailed(Reason.QUOTA, text, retry_after_seconds=retry_after)
    if status in (401, 403) and not answer.is_html():
        return AttemptFailed(Reason.AUTH, text)
    if status in (404, 410):
        return AttemptFailed(Reason.MODEL_GONE, text)
    if status < 400:
        return AttemptFailed(Reason.BAD_RESPONSE, text)
    if status >= 500 or status in (408, 425, 499) or (status != 413 and answer.is_html()):
        return AttemptFailed(Reason.OVERLOADED, text, retry_after_seconds=retry_after)
    return AttemptFailed(Reason.BAD_REQUEST, text)


async def _read(response: aiohttp.ClientResponse, limit_bytes: int) -> Answer:
    """Read the body up to the cap.

    Raises:
        AttemptFailed: there is more.
    """
    limit_bytes = limit_bytes if response.status < 400 else MAX_ERROR_BYTES
    pieces: list[bytes] = []
    size_bytes = 0
    async for piece in response.content.iter_any():
        size_bytes += len(piece)
        if size_bytes > limit_bytes:
            if response.status >= 400:
                break
            raise AttemptFailed(Reason.BAD_RESPONSE, f"an answer of over {limit_bytes} bytes")
        pieces.append(piece)
    return Answer(response.status, response.headers, b"".join(pieces))


def _timeout(deadline: Deadline) -> aiohttp.ClientTimeout:
    """Return timeouts that end with the deadline.

    Raises:
        DeadlinePassed: aiohttp takes a total of 0 for no limit.
    """
    left = deadline.remaining_seconds()
    if left <= 0:
        raise DeadlinePassed
    # A host that does not even connect gets half the time, so that there is some for another try.
    return aiohttp.ClientTimeout(total=left, sock_connect=min(CONNECT_SECONDS, max(0.5, left / 2)))


def _trace() -> dict[str, str]:
    """Return the header that tells a provider which trace its call is part of, if there is one."""
    fields = current_log_fields()
    trace_id, flags = fields.get("trace_id"), fields.get("trace_flags")
    if not isinstance(trace_id, str) or not isinstance(flags, str):
        return {}
    return {"traceparent": child_of(trace_id, flags)}
