"""The shipped nginx example, run by a real nginx in front of a real daemon."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.support.daemons import Daemon, until
from tests.support.sample_pictures import jpeg

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
STRANGER = "203.0.113.9"

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@dataclass(frozen=True, slots=True)
class Proxied:
    """A daemon, and the port of the nginx before it."""

    daemon: Daemon
    port: int

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


@pytest.fixture
def proxied(tmp_path: Path, database_url: str) -> Iterator[Proxied]:
    daemon = Daemon(
        tmp_path,
        database_url,
        '[server]\ntrusted_proxies = ["127.0.0.1"]\naccel_redirect = "/_media/"\n',
    )
    daemon.configure()
    daemon.start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = write_nginx_config(tmp_path, port, daemon)
    nginx = subprocess.Popen([str(NGINX), "-p", tmp_path, "-c", config])
    try:
        daemon.wait_until_ready()
        until(lambda: answers(port))
        yield Proxied(daemon, port)
    finally:
        nginx.terminate()
        nginx.wait(30)
        daemon.close()


def write_nginx_config(directory: Path, port: int, daemon: Daemon) -> Path:
    """Write the shipped site with this test's ports and paths into a configuration of its own."""
    site = (ROOT / "etc/nginx/photobooth.conf").read_text("utf-8")
    for ours, theirs in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("listen [::]:80;", ""),
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{daemon.port};"),
        ("alias /var/lib/photobooth-daemon/media/;", f"alias {daemon.media_root}/;"),
    ):
        assert ours in site, f"the example has changed: {ours}"
        site = site.replace(ours, theirs)
    (directory / "site.conf").write_text(site, "utf-8")
    scratch = "\n".join(
        f"{kind}_temp_path {directory}/nginx-{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # The tests' directories are the user's own, who is root here and there.
    user = "user root;" if os.geteuid() == 0 else ""
    config = directory / "nginx.conf"
    config.write_text(
        f"{user} daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {scratch}\ninclude {directory}/site.conf; }}\n",
        "utf-8",
    )
    return config


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_photo_goes_through_and_its_result_is_sent_by_nginx(proxied: Proxied) -> None:
    status, body = proxied.daemon.send(jpeg(), port=proxied.port)
    assert status == 200
    answer = json.loads(body)
    assert answer["result_link"].startswith(f"http://127.0.0.1:{proxied.port}/")
    url = answer["result_url"]

    response, picture = proxied.ask("GET", url)
    assert response.status == 200
    assert response.headers["Server"].startswith("nginx")
    assert response.headers["Content-Type"] == answer["content_type"]
    assert response.headers["Cache-Control"].startswith("private, max-age=")
    assert response.headers["Content-Disposition"].startswith("inline")
    assert response.headers["X-Request-ID"]
    assert response.headers["X-Accel-Redirect"] is None
    assert len(picture) == answer["size_bytes"]
    # Asked directly, the daemon sends the same bytes itself.
    assert proxied.daemon.get(url) == (200, picture)

    response, part = proxied.ask("GET", url, {"Range": "bytes=10-19"})
    assert (response.status, part) == (206, picture[10:20])
    response, _ = proxied.ask("GET", url, {"If-None-Match": response.headers["ETag"]})
    assert response.status == 304
    response, nothing = proxied.ask("HEAD", url)
    assert (response.status, nothing) == (200, b"")
    assert response.headers["Content-Length"] == str(len(picture))


def test_files_and_ends_of_links_are_the_daemons_to_decide(proxied: Proxied) -> None:
    _, body = proxied.daemon.send(jpeg(), port=proxied.port)
    job_id = json.loads(body)["job_id"]
    (result,) = (proxied.daemon.media_root / "results").rglob("result.*")
    inside = result.relative_to(proxied.daemon.media_root).as_posix()
    assert proxied.ask("GET", f"/_media/{inside}")[0].status == 404
    proxied.daemon.configure(
        "UPDATE job_history SET result_expires_at = now() - interval '1 minute'",
        "UPDATE media_object SET expires_at = now() - interval '1 minute'",
    )
    response, body = proxied.ask("GET", f"/public/results/{job_id}")
    assert (response.status, json.loads(body)["code"]) == (410, "result_expired")


def test_nobody_chooses_the_address_they_are_known_by(proxied: Proxied) -> None:
    claim = {"X-Forwarded-For": STRANGER, "X-Request-ID": "claimed-address"}
    response, _ = proxied.ask("GET", "/api/me", claim)
    assert response.status == 401
    until(lambda: "claimed-address" in proxied.daemon.log())
    lines = [json.loads(line) for line in proxied.daemon.log().splitlines()]
    (address,) = {line["address"] for line in lines if line.get("request_id") == "claimed-address"}
    assert address == "127.0.0.1"


def test_a_refusal_comes_before_the_upload(proxied: Proxied) -> None:
    with socket.create_connection(("127.0.0.1", proxied.port), timeout=60) as camera:
        camera.sendall(
            b"POST /api/ingest/slot-099 HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        answer = camera.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 404"), answer
    assert "slot_not_found" in answer


def test_the_limits_leave_room_for_the_daemons_own() -> None:
    site = (ROOT / "etc/nginx/photobooth.conf").read_text("utf-8")
    (largest_mb,) = re.findall(r"client_max_body_size (\d+)m;", site)
    assert int(largest_mb) >= 50 + 1
    for name in ("proxy_read_timeout", "proxy_send_timeout"):
        assert int(re.findall(rf"{name} (\d+)s;", site)[0]) > 60
