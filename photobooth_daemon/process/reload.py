"""Reading the start-up file again while the process serves: by SIGHUP, and for a start to come."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path

from photobooth_daemon.config.start_up import Config
from photobooth_daemon.errors import ConfigError
from photobooth_daemon.process.certificate import load_certificate, tls_context

log = logging.getLogger(__name__)

ReadConfig = Callable[[], Config]


class Reload:
    """Puts the certificate and the log level of the file in force; faults leave what was there."""

    def __init__(self, read_config: ReadConfig, tls: ssl.SSLContext | None) -> None:
        self._read_config = read_config
        self._tls = tls
        self.certificate_taken: Callable[[Path], None] = lambda file: None
        """Told of the file once its certificate is shown."""

    def now(self) -> None:
        """Read the file again."""
        try:
            config = self._read_config()
            if self._tls is not None:
                load_certificate(self._tls, config.server)
                if config.server.tls_cert_file is not None:
                    self.certificate_taken(config.server.tls_cert_file)
        except ConfigError as error:
            log.error("the configuration was not read again: %s", error.detail)
            return
        logging.getLogger().setLevel(config.logging.level.upper())
        log.info("configuration read again", extra={"level": config.logging.level})


def read_for_start(read_config: ReadConfig) -> Config:
    """Return the configuration as a start would read it now.

    Raises:
        ConfigError: a start would fail.
    """
    config = read_config()
    tls_context(config.server)
    return config
