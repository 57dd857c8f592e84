"""Versions over HTTP: ETag out; If-Match, a body's or a query's ``version`` in (RFC 9110, 13)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from photobooth_daemon.errors import Fault, InvalidRequest, ValidationFailed, VersionRequired
from photobooth_daemon.model.versions import ExpectedVersion
from photobooth_daemon.web.handler import Handler

_TAG = re.compile(r'\s*(?:(?:W/)?"(?P<tag>[\x21\x23-\x7e\x80-\xff]*)"|(?P<bare>[0-9]+))\s*')
_MAX_DIGITS = 18


def expected_version(handler: Handler, body: Mapping[str, Any] | None = None) -> ExpectedVersion:
    """Return which version the request means to change.

    Raises:
        VersionRequired: it does not say.
        InvalidRequest: it says so twice and differently, or in a header or
            parameter that cannot be read.
        ValidationFailed: the body's version is not a whole number.
    """
    named = [v for v in (_of_body(body), _of_query(handler)) if v is not None]
    header = handler.request.headers.get("If-Match")
    if len(set(named)) > 1:
        raise InvalidRequest("The versions in the body and in the query disagree.")
    if header is None:
        if not named:
            raise VersionRequired
        return ExpectedVersion.exactly(named[0])
    allowed = _of_header(header)
    if not named:
        return allowed
    if allowed.versions is not None and named[0] not in allowed.versions:
        raise InvalidRequest("If-Match and the version given beside it disagree.")
    return ExpectedVersion.exactly(named[0])


def set_version(handler: Handler, version: int) -> None:
    """Name the version of the answer, as If-Match takes it back.

    It is no reason for a 304: results and keys come and go under the same version.
    """
    handler.set_header("ETag", f'"{version}"')


def _of_body(body: Mapping[str, Any] | None) -> int | None:
    if body is None or "version" not in body:
        return None
    version = body["version"]
    if isinstance(version, bool) or not isinstance(version, int | float) or version % 1:
        raise ValidationFailed([Fault("/version", "must be a whole number")])
    return int(version)


def _of_query(handler: Handler) -> int | None:
    text = handler.get_query_argument("version", None, strip=False)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise InvalidRequest("The parameter version is not a whole number.")
    return int(text)


def _of_header(text: str) -> ExpectedVersion:
    """Read If-Match; a tag that is none of ours stands for a version that is gone.

    Weak tags count as strong ones: a proxy that compresses weakens them on the way.
    """
    if text.strip() == "*":
        return ExpectedVersion.any()
    versions = set()
    for part in text.split(","):
        match = _TAG.fullmatch(part)
        if match is None:
            raise InvalidRequest("The header If-Match cannot be read.")
        tag = match["tag"] if match["bare"] is None else match["bare"]
        ours = tag.isascii() and tag.isdigit() and len(tag) <= _MAX_DIGITS
        versions.add(int(tag) if ours else -1)
    return ExpectedVersion(frozenset(versions))
