"""Whose word on a bucket's certificate counts, and until when it is good."""

from __future__ import annotations

import ssl
from pathlib import Path

from photobooth_daemon.errors import ConfigError, Fault


def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """Return what certificates are checked by: one's own authority, or those of the machine.

    Takes a twentieth of a second: where photos are served, it was made before.

    Raises:
        ConfigError: the file cannot be read, or is none of certificates.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        message = "cannot be read, or holds no certificate in PEM form"
        raise ConfigError([Fault("media.s3.ca_file", message)]) from error


class ShownCertificate:
    """Knows when the certificate ends that a store has shown on its last new connection."""

    def __init__(self, context: ssl.SSLContext) -> None:
        """Look on at each connection that is made by the context from here on."""
        self.ends: int | None = None
        shown = self

        class Observed(ssl.SSLObject):
            def do_handshake(self) -> None:
                super().do_handshake()
                told = self.getpeercert() or {}
                if "notAfter" in told:
                    shown.ends = ssl.cert_time_to_seconds(str(told["notAfter"]))

        context.sslobject_class = Observed
