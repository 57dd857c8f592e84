"""Tells two configurations apart without telling anything of the secrets in them."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, replace

from photobooth_daemon.config.start_up import Config, LoggingConfig


def config_digest(config: Config, signing_key: bytes) -> str:
    """Return a keyed digest of everything that only a restart puts in force."""
    # Which password the intake has is the intake's affair; that it has one is not.
    intake = replace(config.intake, password="set" if config.intake.is_wanted else None)
    # A name of its own makes no host another one than the next.
    server = replace(config.server, host_name="")
    lasting = replace(
        config, server=server, logging=LoggingConfig(), intake=intake, path=Config().path
    )
    text = json.dumps(asdict(lasting), sort_keys=True, default=str)
    key = hmac.digest(signing_key, b"photobooth-daemon configuration digest", hashlib.sha256)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]
