"""The process from outside: start, refusal to start, signals, certificates."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from photobooth_daemon.database.embedded import EmbeddedPostgres
from tests.conftest import TEMPLATE
from tests.support.certificates import make_certificate
from tests.support.daemons import Daemon, until


@pytest.fixture
def daemon(tmp_path: Path, database_url: str) -> Iterator[Daemon]:
    running = Daemon(tmp_path, database_url)
    yield running
    running.close()


def test_it_says_when_it_serves_and_when_it_stops(daemon: Daemon, tmp_path: Path) -> None:
    daemon.imports_itself = True
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"}
        daemon.start(environment)
        heard: set[str] = set()
        while not {"READY=1", "WATCHDOG=1"} <= heard:
            heard.update(manager.recv(4096).decode().split("\n"))
        assert daemon.get("/readyz")[0] == 200
        assert daemon.stop() == 0
        while "STOPPING=1" not in heard:
            heard.update(manager.recv(4096).decode().split("\n"))


def test_all_faults_of_the_configuration_are_named_at_once(daemon: Daemon) -> None:
    daemon.config_path.write_text(
        '[server]\nprocesses = 0\nlsten = "x"\nlisten = 8080\n[logging]\nlevel = 1\n'
    )
    process = daemon.start()
    assert process.wait(60) == 78
    for key in ("server.processes", "server.lsten", "logging.level"):
        assert f"photobooth-daemon: {key}" in daemon.log()
    assert "server.listen: must be a string" in daemon.log()


def test_a_media_directory_that_cannot_be_used_is_named(daemon: Daemon) -> None:
    daemon.media_root.parent.mkdir(parents=True, exist_ok=True)
    daemon.media_root.write_text("not a directory")
    process = daemon.start()
    assert process.wait(60) == 1
    assert f"photobooth-daemon: [Errno 20] Not a directory: '{daemon.media_root}" in daemon.log()
    assert "Traceback" not in daemon.log()


@pytest.mark.parametrize("processes", [1, 2])
def test_an_older_schema_names_the_command(
    tmp_path: Path, empty_database_url: str, processes: int
) -> None:
    daemon = Daemon(tmp_path, empty_database_url, f"[server]\nprocesses = {processes}\n")
    try:
        assert daemon.start().wait(60) == 78
        assert "photoboothctl migrate" in daemon.log()
    finally:
        daemon.close()


def test_a_database_that_comes_later_is_served(daemon: Daemon, postgres: EmbeddedPostgres) -> None:
    daemon.write_config(postgres.url_of("comes_later"))
    daemon.start()
    until(lambda: daemon.get("/livez")[0] == 200)
    status, body = daemon.request("POST", "/api/ingest/slot-001", b"")
    assert status == 503
    assert b"database_unavailable" in body
    postgres.execute(f"CREATE DATABASE comes_later TEMPLATE {TEMPLATE}")
    until(lambda: daemon.request("POST", "/api/ingest/slot-001", b"")[0] == 404)
    assert daemon.stop() == 0


def test_a_renewed_certificate_is_served_after_a_reload(tmp_path: Path, database_url: str) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(certificate, key, "first", days=3)
    daemon = Daemon(
        tmp_path,
        database_url,
        f'[server]\ntls_cert_file = "{certificate}"\ntls_key_file = "{key}"\n'
        '[logging]\nlevel = "warning"\n',
    )
    try:
        process = daemon.start()
        until(lambda: served_name(daemon.port) == "first")
        assert shown_days(daemon.port) == 3

        key.write_text("not a key", "utf-8")
        process.send_signal(signal.SIGHUP)
        until(lambda: "was not read again" in daemon.log())
        assert served_name(daemon.port) == "first"

        make_certificate(certificate, key, "second", days=90)
        # What nobody has taken up yet helps nobody.
        assert shown_days(daemon.port) == 3
        daemon.config_path.write_text(
            daemon.config_path.read_text("utf-8").replace('"warning"', '"info"'), "utf-8"
        )
        process.send_signal(signal.SIGHUP)
        until(lambda: served_name(daemon.port) == "second")
        # The figures of one second are the same.
        until(lambda: shown_days(daemon.port) == 90)
        assert daemon.events("configuration read again")
        assert daemon.stop() == 0
    finally:
        daemon.close()


def shown_days(port: int) -> int:
    """Return how long the certificate is good, by the figure that Prometheus is shown."""
    whatever = ssl._create_unverified_context()
    with urlopen(f"https://127.0.0.1:{port}/metrics", context=whatever, timeout=60) as answer:
        text = answer.read().decode()
    series = r'^photobooth_tls_expires_timestamp_seconds\{certificate="server"\} (\S+)$'
    told = re.search(series, text, re.M)
    assert told is not None
    return round((float(told[1]) - time.time()) / 86400)


def served_name(port: int) -> str:
    """Return the common name of the certificate that a new connection is shown."""
    shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port), timeout=60))
    return next(name for name in ("first", "second") if name.encode() in shown)
