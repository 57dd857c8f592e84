"""TLS in the daemon itself, for a network without a proxy."""

from __future__ import annotations

import ssl

from photobooth_daemon.config.start_up import ServerConfig
from photobooth_daemon.errors import ConfigError, Fault


def tls_context(config: ServerConfig) -> ssl.SSLContext | None:
    """Return what HTTPS needs, or None where the port speaks plain HTTP.

    Raises:
        ConfigError: the certificate or its key cannot be used.
    """
    if config.tls_cert_file is None or config.tls_key_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_certificate(context, config)
    return context


def load_certificate(context: ssl.SSLContext, config: ServerConfig) -> None:
    """Take the files as they are now: connections from here on see this certificate.

    Raises:
        ConfigError: the certificate or its key cannot be used; the old ones stay in force.
    """
    if config.tls_cert_file is None or config.tls_key_file is None:
        return
    try:
        # A pair that does not match is found by a context nobody uses, not by cameras.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            config.tls_cert_file, config.tls_key_file
        )
        context.load_cert_chain(config.tls_cert_file, config.tls_key_file)
    except (OSError, ssl.SSLError) as error:
        message = f"cannot be used: {error.strerror or type(error).__name__}"
        raise ConfigError([Fault("server.tls_cert_file", message)]) from error
