"""What an object store refuses, in words that tell what to mend."""

from __future__ import annotations

import email.utils
import os
import ssl
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping

import aiohttp

from photobooth_daemon.errors import StorageUnavailable

TRY_AGAIN = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
"""Codes (and see ``may_pass``) after which the same request may well succeed."""

_WORDS: Mapping[str, str] = {
    "NoSuchBucket": "The bucket does not exist.",
    "AccessDenied": "The store does not allow this key to do that in the bucket.",
    "InvalidAccessKeyId": "The store does not know the access key.",
    "SignatureDoesNotMatch": "The secret key does not fit the access key.",
    "ExpiredToken": "The access key has expired.",
    "RequestTimeTooSkewed": "The clocks of this host and of the store do not agree.",
    "AuthorizationHeaderMalformed": "The region is not the bucket's.",
    "PermanentRedirect": "The bucket is in another region, or behind another endpoint.",
    "QuotaExceeded": "The store's quota is used up.",
    "InsufficientStorage": "The store is full.",
}

_EXPIRED = 10
_OTHER_NAME = (62, 64)
"""X509_V_ERR_CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH and _IP_ADDRESS_MISMATCH of OpenSSL."""


class S3Refusal(Exception):
    """The store answered, and not as it should; ``code`` is S3's own word for it."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason

    @property
    def may_pass(self) -> bool:
        """Return whether the same request may well succeed a little later."""
        return self.status in (429, 500, 502, 503, 504) or self.code in TRY_AGAIN


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> S3Refusal:
    """Return what an answer that is no success means."""
    code, region = _read(body)
    words = _WORDS.get(code, f"The store answers {status} {code}".rstrip() + ".")
    if code == "RequestTimeTooSkewed" and (seconds := seconds_ahead(headers)) is not None:
        words = f"This host's clock differs from the store's by {abs(seconds):.0f} seconds."
    if region and code in ("AuthorizationHeaderMalformed", "PermanentRedirect"):
        words = f"The bucket's region is {region}."
    return S3Refusal(status, code, words)


def no_answer(error: BaseException) -> StorageUnavailable:
    """Return what a connection that failed means."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return StorageUnavailable(_certificate_fault(error.certificate_error))
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return StorageUnavailable("The store speaks no TLS that fits: see endpoint.")
    if isinstance(error, TimeoutError):
        return StorageUnavailable("The store does not answer in time.")
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        # The system's own text would name the address.
        why = os.strerror(number) if number and number > 0 else "no such host"
        return StorageUnavailable(f"The store cannot be reached: {why}.")
    return StorageUnavailable("The store breaks the connection off.")


def _certificate_fault(error: Exception) -> str:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    if code in _OTHER_NAME:
        return "The store's certificate is for another name: see endpoint and addressing."
    if code == _EXPIRED:
        return "The store's certificate has expired."
    return "The store's certificate is not to be trusted: see ca_file."


def _read(body: bytes) -> tuple[str, str]:
    """Return the code of an error document and the region that it names, or nothing."""
    if b"<!DOCTYPE" in body:
        return "", ""
    try:
        root = ET.fromstring(body)  # noqa: S314 - of no declared type, and of bounded length
    except ET.ParseError:
        return "", ""
    found = {element.tag.rpartition("}")[2]: element.text or "" for element in root}
    return found.get("Code", ""), found.get("Region", "")


def seconds_ahead(headers: Mapping[str, str]) -> float | None:
    """Return by how much the store's clock is ahead of ours, if it says what it shows."""
    try:
        there = email.utils.parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except (TypeError, ValueError):
        return None
    return there - time.time()
