"""Addresses of objects, and the signatures that make the store answer (AWS Signature V4).

The signer is botocore's. It is imported here only, and only once a bucket is in use: an
installation that keeps files needs no such library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from photobooth_daemon.config.media import S3Config
from photobooth_daemon.errors import ConfigError, Fault


class Signer:
    """Signs requests to one bucket."""

    def __init__(self, config: S3Config) -> None:
        """Take the keys.

        Raises:
            ConfigError: botocore is not installed.
        """
        try:
            from botocore.auth import S3SigV4Auth
            from botocore.awsrequest import AWSRequest
            from botocore.credentials import Credentials
        except ImportError as error:
            message = 'needs botocore: apt install python3-botocore, or pip install "…[s3]"'
            raise ConfigError([Fault("media.store", message)]) from error

        class Auth(S3SigV4Auth):  # type: ignore[misc] # botocore has no types
            """Signs the digest that is known already, where the stock one reads the body."""

            def payload(self, request: Any) -> str:
                return str(request.context["sha256"])

        self._request = AWSRequest
        self._auth = Auth(Credentials(config.access_key, config.secret_key), "s3", config.region)
        parts = urlsplit(config.endpoint)
        if config.addressing == "virtual":
            self._base = f"{parts.scheme}://{config.bucket}.{parts.netloc}"
        else:
            self._base = f"{parts.scheme}://{parts.netloc}/{config.bucket}"

    def sign(
        self,
        method: str,
        key: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        sha256: str,
    ) -> tuple[str, dict[str, str]]:
        """Return the request's address, quoted as it was signed, and its headers."""
        pairs = sorted(query.items())
        asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
        url = f"{self._base}/{quote(key, safe='/~')}" + (f"?{asked}" if asked else "")
        request = self._request(method, url, headers=dict(headers))
        request.context["sha256"] = sha256
        self._auth.add_auth(request)
        return url, dict(request.headers.items())
