"""Tells two configurations apart without telling anything of the secrets in them."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, replace

from photobooth_daemon.config.intake import IntakeConfig
from photobooth_daemon.config.start_up import Config, LoggingConfig, ServerConfig

HALF = 16
"""Characters: the first half of a digest is the same on all hosts that are set up alike."""


def config_digest(config: Config, signing_key: bytes) -> str:
    """Return a keyed digest of everything that only a restart puts in force.

    Its first half leaves out what is a host's own: name, address, certificate, intake, places.
    """
    # Which password the intake has is the intake's affair; that it has one is not.
    intake = replace(config.intake, password="set" if config.intake.is_wanted else None)
    # A name of its own makes no host another one than the next.
    server = replace(config.server, host_name="")
    lasting = replace(
        config, server=server, logging=LoggingConfig(), intake=intake, path=Config().path
    )
    default = ServerConfig()
    common = replace(
        lasting,
        server=replace(
            server,
            listen=default.listen,
            processes=default.processes,
            tls_cert_file=None,
            tls_key_file=None,
            jwt_key_file=default.jwt_key_file,
            audit_key_file=None,
            secrets_key_file=None,
            metrics_from=(),
        ),
        media=replace(lasting.media, root=Config().media.root),
        intake=IntakeConfig(),
    )
    return _digest(common, signing_key) + _digest(lasting, signing_key)


def said_alike(digest: str) -> str:
    """Return the half of a digest that hosts of one installation should have in common."""
    return digest[:HALF]


def _digest(config: Config, signing_key: bytes) -> str:
    text = json.dumps(asdict(config), sort_keys=True, default=str)
    key = hmac.digest(signing_key, b"photobooth-daemon configuration digest", hashlib.sha256)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:HALF]
