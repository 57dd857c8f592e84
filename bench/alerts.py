"""One evening of failures, live: ``python -m bench.alerts`` (a quarter of an hour).

A real daemon, a real PostgreSQL, the fake provider, Prometheus with the shipped
rules and a webhook. Each failure is made, waited for in Prometheus and at the
webhook, mended, and waited for until both have cleared. Needs ``prometheus`` on PATH.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
import tornado.web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from photobooth_daemon.child_process import start_tied
from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.database.pool import Database
from photobooth_daemon.rehearsal.fake_provider import FakeProvider

ROOT = Path(__file__).parents[1]
PASSWORD = "correct horse"
PHOTO = ROOT / "photobooth_daemon/app/sample_photo.jpg"
LONGEST_SECONDS = 1200.0
PROMETHEUS_YML = """
global: {{scrape_interval: 5s, evaluation_interval: 5s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: photobooth
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
DAEMON_TOML = """
[server]
listen = "127.0.0.1:{port}"
jwt_key_file = "{directory}/jwt.key"
[database]
url = "{database_url}"
[media]
root = "{directory}/media"
[providers.gemini]
base_url = "{provider_url}"
api_key = "AIza-live-run-0123456789"
[alerts]
webhook_url = "{hook_url}"
heartbeat_url = "{hook_url}beat"
heartbeat_seconds = 5
"""


@dataclass
class Told:
    """What the webhook and the heartbeat's watcher heard."""

    firing: set[str] = field(default_factory=set)
    beat_at: float = 0.0


class Hook(tornado.web.RequestHandler):
    """Plays whoever is told."""

    def initialize(self, told: Told) -> None:
        self.told = told

    def post(self) -> None:
        """Take a notification."""
        body = tornado.escape.json_decode(self.request.body)
        self.told.firing |= {alert["name"] for alert in body["firing"]}
        self.told.firing -= {alert["name"] for alert in body["recovered"]}

    def get(self) -> None:
        """Hear a heartbeat."""
        self.told.beat_at = time.monotonic()


@dataclass
class Booth:
    """Everything that runs."""

    directory: Path
    database: Database
    provider: FakeProvider
    http: aiohttp.ClientSession
    told: Told
    port: int
    prometheus_port: int
    daemon: subprocess.Popen[bytes] | None = None

    def start_daemon(self) -> None:
        """Start the daemon, as systemd would."""
        with (self.directory / "daemon.log").open("ab") as log:
            self.daemon = start_tied(
                [
                    *(sys.executable, "-m", "photobooth_daemon.process.main"),
                    *("--config", str(self.directory / "photobooth.toml")),
                ],
                stdout=log,
                stderr=log,
            )

    async def execute(self, sql: str, *arguments: Any) -> None:
        """Change the database by hand."""
        async with self.database.connection() as connection:
            await connection.execute(sql, *arguments)

    async def send_photo(self) -> int:
        """Send one photo and return the status of its answer."""
        form = aiohttp.FormData()
        form.add_field("password", PASSWORD)
        photo = await asyncio.to_thread(PHOTO.read_bytes)
        form.add_field("fileToUpload", photo, filename="IMG_1.JPG", content_type="image/jpeg")
        url = f"http://127.0.0.1:{self.port}/api/ingest/slot-001"
        async with self.http.post(url, data=form) as answer:
            await answer.read()
            return answer.status

    async def alerts(self) -> set[str]:
        """Return what fires in Prometheus."""
        url = f"http://127.0.0.1:{self.prometheus_port}/api/v1/alerts"
        try:
            async with self.http.get(url) as answer:
                found = (await answer.json())["data"]["alerts"]
        except aiohttp.ClientError:
            return set()
        return {a["labels"]["alertname"] for a in found if a["state"] == "firing"}

    async def cleanup(self) -> None:
        """Run a cleanup, as the timer would."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "photobooth_daemon.cli"),
            *("--config", str(self.directory / "photobooth.toml"), "cleanup"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()


async def until(holds: Callable[[], Awaitable[bool]]) -> float:
    """Wait until ``holds()`` and return for how long it took.

    Raises:
        SystemExit: it never did.
    """
    begun = time.monotonic()
    while not await holds():
        if time.monotonic() - begun > LONGEST_SECONDS:
            sys.exit("it never happened")
        await asyncio.sleep(1)
    return time.monotonic() - begun


async def seen(booth: Booth, alert: str, *, firing: bool, told: bool = True) -> tuple[float, float]:
    """Wait until both have it, or both have cleared it; return after how many seconds each."""

    async def in_prometheus() -> bool:
        return (alert in await booth.alerts()) is firing

    async def at_the_webhook() -> bool:
        return (alert in booth.told.firing) is firing

    waits = [until(in_prometheus), *([until(at_the_webhook)] if told else [])]
    took = await asyncio.gather(*waits)
    return took[0], took[1] if told else float("nan")


async def late_photos(booth: Booth) -> None:
    """Hang the provider while eight photos come."""
    booth.provider.script.always("hang")
    statuses = await asyncio.gather(*(booth.send_photo() for _ in range(8)))
    print(f"  eight photos while the provider hangs: {sorted(statuses)}")


async def calm(booth: Booth) -> None:
    """Mend the provider."""
    booth.provider.script.clear()
    print(f"  a photo afterwards: {await booth.send_photo()}")


async def full_disk(booth: Booth) -> None:
    """Want more free space than there is."""
    await booth.execute("""UPDATE setting SET stored = stored || '{"min_free_mb": 900000000}'""")


async def free_disk(booth: Booth) -> None:
    """Want less."""
    await booth.execute("""UPDATE setting SET stored = stored || '{"min_free_mb": 100}'""")


async def stop_cleanup(booth: Booth) -> None:
    """Make every cleanup an hour older, as if the timer had stopped."""
    await booth.cleanup()
    await booth.execute("UPDATE cleanup_run SET started_at = started_at - interval '1 hour'")


async def run_cleanup(booth: Booth) -> None:
    """Run one."""
    await booth.cleanup()


async def kill_daemon(booth: Booth) -> None:
    """Kill it as the kernel does when memory runs out."""
    assert booth.daemon is not None
    booth.daemon.send_signal(signal.SIGKILL)
    booth.daemon.wait()


async def revive_daemon(booth: Booth) -> None:
    """Start it again."""
    booth.start_daemon()


FAILURES = (
    ("504 share", "PhotoboothTimeoutShareHigh", late_photos, calm, True),
    ("disk", "PhotoboothDiskFull", full_disk, free_disk, True),
    ("cleanup stopped", "PhotoboothCleanupLate", stop_cleanup, run_cleanup, True),
    ("daemon killed", "PhotoboothAbsent", kill_daemon, revive_daemon, False),
)


async def evening(booth: Booth) -> None:
    """Make each failure, see it told, mend it, see that told."""
    booth.start_daemon()
    await until(lambda: _answers(booth))
    await booth.cleanup()
    await until(lambda: _nothing_fires(booth))
    print(
        "| failure | alert | Prometheus | webhook | cleared | webhook |\n|---|---|---|---|---|---|"
    )
    rows = []
    for name, alert, fail, mend, told in FAILURES:
        print(f"{name} …", flush=True)
        await fail(booth)
        raised = await seen(booth, alert, firing=True, told=told)
        if not told:
            silence = time.monotonic() - booth.told.beat_at
            print(f"  the heartbeat's watcher has heard nothing for {silence:.0f} s")
        await mend(booth)
        cleared = await seen(booth, alert, firing=False, told=told)
        figures = [f"{s:.0f} s" if s == s else "–" for s in (*raised, *cleared)]
        rows.append(f"| {name} | {alert} | {' | '.join(figures)} |")
        print(rows[-1], flush=True)
    print("\n".join(["", *rows]))


async def _answers(booth: Booth) -> bool:
    try:
        async with booth.http.get(f"http://127.0.0.1:{booth.port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def _nothing_fires(booth: Booth) -> bool:
    url = f"http://127.0.0.1:{booth.prometheus_port}/api/v1/query?query=photobooth_build_info"
    try:
        async with booth.http.get(url) as answer:
            scraped = bool((await answer.json())["data"]["result"])
    except aiohttp.ClientError:
        return False
    return scraped and not await booth.alerts()


def free_port() -> int:
    """Return a port that nobody uses."""
    (sock,) = bind_sockets(0, "127.0.0.1")
    with sock:
        port: int = sock.getsockname()[1]
        return port


async def run(directory: Path, database_url: str) -> None:
    """Start everything, and the evening."""
    database = await Database.open(database_url)
    await migrations.migrate(database, Clock())
    provider = FakeProvider()
    told = Told()
    hook = HTTPServer(tornado.web.Application([("/.*", Hook, {"told": told})]))
    hook.listen(0, "127.0.0.1")
    hook_port = next(iter(hook._sockets.values())).getsockname()[1]
    port, prometheus_port = free_port(), free_port()
    (directory / "media").mkdir(mode=0o750)
    (directory / "photobooth.toml").write_text(
        DAEMON_TOML.format(
            port=port,
            directory=directory,
            database_url=database_url,
            provider_url=provider.start(),
            hook_url=f"http://127.0.0.1:{hook_port}/",
        )
    )
    (directory / "prometheus.yml").write_text(
        PROMETHEUS_YML.format(rules=ROOT / "etc/prometheus/photobooth.rules.yml", port=port)
    )
    booth = Booth(
        directory, database, provider, aiohttp.ClientSession(), told, port, prometheus_port
    )
    password_hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await booth.execute("UPDATE setting SET ingest_password_hash = $1", password_hash)
    await booth.execute(
        "UPDATE slot SET enabled = true, provider = 'gemini', operation = 'edit',"
        " params = $1, sync_response_seconds = 10 WHERE slot_id = 'slot-001'",
        {"prompt": "smile"},
    )
    program = shutil.which("prometheus")
    assert program is not None, "prometheus is not installed"
    with (directory / "prometheus.log").open("wb") as log:
        prometheus = start_tied(
            [
                program,
                f"--config.file={directory / 'prometheus.yml'}",
                f"--storage.tsdb.path={directory / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{prometheus_port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        await evening(booth)
    finally:
        for process in (prometheus, booth.daemon):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait()
        await booth.http.close()
        await database.close()
        hook.stop()
        await provider.stop()


def main() -> None:
    """Run it in a directory of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, help="where to leave the logs")
    arguments = parser.parse_args()
    directory = Path(arguments.directory or tempfile.mkdtemp(prefix="photobooth-alerts-"))
    directory.mkdir(exist_ok=True)
    os.chmod(directory, 0o711)
    with EmbeddedPostgres(directory / "postgres") as server:
        asyncio.run(run(directory, server.url))


if __name__ == "__main__":
    main()
