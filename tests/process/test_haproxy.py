"""The shipped HAProxy example, run by a real HAProxy before two real daemons."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import bcrypt
import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.rehearsal.camera import Shot
from photobooth_daemon.web.live import COMMENT_SECONDS
from tests.support.daemons import Daemon, until
from tests.support.fakes import eventually
from tests.support.haproxy import EXAMPLE, HAPROXY, Haproxy
from tests.support.party import BETWEEN_PHOTOS_SECONDS, KEY, PASSWORD, SLOT, Party, photo

CAMERA, LIAR = "127.0.0.2", "203.0.113.9"
# More notice than the example's: beside other tests an answer may take seconds.
SERVER = '[server]\ntrusted_proxies = ["127.0.0.1"]\ndrain_notice_seconds = 6\n'

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two daemons with one database and one media tree, and the HAProxy before them."""

    party: Party
    second: Daemon
    haproxy: Haproxy

    @classmethod
    async def open(cls, directory: Path, database_url: str) -> Pair:
        party = await Party.open(directory, database_url, toml=SERVER, start=False)
        gemini = f'[providers.gemini]\nbase_url = "{party.provider.url}"\napi_key = "{KEY}"\n'
        other = directory / "b"
        other.mkdir()
        second = Daemon(other, database_url, gemini + SERVER, shared=directory)
        second.start()
        await party.start()
        await asyncio.to_thread(second.wait_until_ready)
        haproxy = Haproxy(directory, {"a": party.daemon.port, "b": second.port})
        party.front_url = haproxy.url
        pair = cls(party, second, haproxy)
        await pair.both_up()
        await party.set_settings(slot_concurrency=8, slot_queue=40, provider_concurrency=64)
        return pair

    async def close(self) -> None:
        self.haproxy.close()
        self.second.close()
        await self.party.close()

    async def both_up(self) -> None:
        await asyncio.to_thread(self.haproxy.wait_until_up, "a", "b")

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Make a request from a machine that is not HAProxy's."""
        client = HTTPConnection(
            "127.0.0.1", self.haproxy.port, timeout=70, source_address=(CAMERA, 0)
        )
        try:
            client.request(method, path, body, headers or {})
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def post(self, sent: bytes, **headers: str) -> tuple[int, bytes]:
        """Send a photo from there."""
        form = (
            b'--x\r\nContent-Disposition: form-data; name="fileToUpload"; filename="a.jpg"\r\n\r\n'
            + sent
            + b"\r\n--x--\r\n"
        )
        given = {
            "Content-Type": "multipart/form-data; boundary=x",
            "X-Ingest-Password": PASSWORD,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.ask("POST", f"/api/ingest/{SLOT}", form, given)

    async def none_twice(self) -> None:
        """Fail if a photo came to a daemon twice, or to the provider."""
        sent = Counter(seen.facts.get("photo_sha256") for seen in self.party.orders())
        sent.pop(None, None)
        assert set(sent.values()) <= {1}
        jobs = Counter(job["input_sha256"] for job in await self.party.jobs())
        assert set(jobs.values()) <= {1}


@pytest.fixture
def pair(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Pair]:
    opened: Pair = io_loop.run_sync(lambda: Pair.open(tmp_path, database_url))
    yield opened
    io_loop.run_sync(opened.close)


def test_the_shipped_file_is_accepted() -> None:
    checked = subprocess.run(
        [str(HAPROXY), "-c", "-f", str(EXAMPLE)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


def test_the_times_leave_room_for_the_daemons_own() -> None:
    text = EXAMPLE.read_text("utf-8")
    seconds = {name: int(n) for name, n in re.findall(r"timeout ([\w-]+) (\d+)s", text)}
    for side in ("client", "server"):
        assert seconds[side] > 60 > 2 * COMMENT_SECONDS
    assert "drain_notice_seconds = 3" in text


async def test_a_client_is_known_by_its_own_address(pair: Pair) -> None:
    claim = {"X-Forwarded-For": LIAR}
    status, body = await asyncio.to_thread(pair.post, photo().data, **claim)
    assert status == 200
    assert json.loads(body)["result_link"].startswith(f"{pair.haproxy.url}/public/results/")
    (job,) = await pair.party.jobs()
    assert job["client_address"] == CAMERA

    await pair.party.execute(
        "UPDATE admin SET password_hash = $1 WHERE username = 'serg'",
        bcrypt.hashpw(b"serg's own", bcrypt.gensalt(4)).decode(),
    )
    login = json.dumps({"username": "serg", "password": "serg's own"}).encode()
    given = {"Content-Type": "application/json", **claim}
    status, _ = await asyncio.to_thread(pair.ask, "POST", "/api/login", login, given)
    assert status == 200
    entries = await pair.party.fetch("SELECT address FROM audit_log WHERE actor = 'serg'")
    assert {entry["address"] for entry in entries} == {CAMERA}


@pytest.mark.timeout(seconds=240)
async def test_no_photo_is_sent_twice_when_a_host_is_killed(pair: Pair) -> None:
    party = pair.party
    party.provider.script.always("image", delay_seconds=1.5)
    in_flight = party.begin(party.shoot(8))
    await party.asked(8)
    party.kill()
    # Not yet found out by a check: what goes to the killed host's port waits for its successor.
    straight_after = party.begin(party.shoot(8))
    party.daemon.start()
    shots = await in_flight
    lost = [shot for shot in shots if shot.why_original is not None]
    assert {shot.why_original for shot in lost} <= {"502"}
    assert 0 < len(lost) < len(shots)
    assert [shot.why_original for shot in await straight_after] == [None] * 8
    await pair.none_twice()
    assert len(await party.jobs()) == 16

    await pair.both_up()
    assert [shot.why_original for shot in await party.shoot(4)] == [None] * 4


async def keep_shooting(party: Party, number: int, shots: list[Shot], done: asyncio.Event) -> None:
    while not done.is_set():
        shots.append(await party.camera(number).take(photo(300, 200)))
        await asyncio.sleep(BETWEEN_PHOTOS_SECONDS)


@pytest.mark.timeout(seconds=240)
async def test_a_host_that_leaves_refuses_nobody(pair: Pair) -> None:
    party = pair.party
    await party.set_slot(provider="local", operation="look", params={})
    # No systemd holds this port: it is closed when the daemon says so.
    party.daemon.let_go_of_port()
    shots: list[Shot] = []
    done = asyncio.Event()
    cameras = [party.begin(keep_shooting(party, n, shots, done)) for n in range(1, 5)]
    await eventually(lambda: len(shots) >= 12, seconds=60)
    process = party.daemon.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    await eventually(lambda: pair.haproxy.up() == {"b"})
    assert process.poll() is None, "the port was closed before HAProxy knew"
    assert await asyncio.to_thread(process.wait, 60) == 0
    alone = len(shots)
    await eventually(lambda: len(shots) >= alone + 8, seconds=60)
    done.set()
    await asyncio.gather(*cameras)
    assert {shot.why_original for shot in shots} == {None}
    await pair.none_twice()
    assert len(await party.jobs("done")) == len(shots)


@pytest.mark.timeout(seconds=240)
async def test_a_repeated_photo_is_made_once_whichever_host_gets_it(pair: Pair) -> None:
    party = pair.party
    party.provider.script.always("image", delay_seconds=1)
    sent = photo().data
    answers = await asyncio.gather(
        *(asyncio.to_thread(pair.post, sent, Idempotency_Key="one") for _ in range(6))
    )
    assert {status for status, _ in answers} == {200}
    (job_id,) = {json.loads(body)["job_id"] for _, body in answers}
    assert [str(job["job_id"]) for job in await party.jobs()] == [job_id]
    assert len(party.orders()) == 1
    for daemon in (party.daemon, pair.second):
        assert f"POST /api/ingest/{SLOT} 200" in daemon.log(), "both hosts were asked"


@pytest.mark.timeout(seconds=240)
async def test_a_host_that_takes_no_photos_shows_pictures(pair: Pair) -> None:
    party = pair.party
    (first,) = await party.shoot()
    assert first.answer is not None
    for daemon in (party.daemon, pair.second):
        assert json.loads(daemon.get("/readyz")[1])["takes_photos"] is True
    # Nobody has so much space: both say so, and who asks all the same is told by them.
    await party.set_settings(min_free_mb=1 << 40)
    await eventually(lambda: pair.haproxy.up() == set(), seconds=30)
    assert pair.haproxy.up("everything") == {"a", "b"}
    (refused,) = await party.shoot()
    assert refused.why_original == "507 storage_full"
    result = await party.get(f"/public/results/{first.answer.headers['x-job-id']}")
    assert result.code == 200


async def test_events_pass_as_they_happen(pair: Pair) -> None:
    party = pair.party
    await party.execute(
        "UPDATE admin SET password_hash = $1 WHERE username = 'serg'",
        bcrypt.hashpw(b"serg's own", bcrypt.gensalt(4)).decode(),
    )
    login = json.dumps({"username": "serg", "password": "serg's own"}).encode()
    given = {"Content-Type": "application/json"}
    _, body = await asyncio.to_thread(pair.ask, "POST", "/api/login", login, given)
    token = json.loads(body)["token"]
    reader, writer = await asyncio.open_connection("127.0.0.1", pair.haproxy.port)
    head = f"GET /api/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(20):
        await reader.readuntil(b"retry:")
        sending = party.begin(party.shoot())
        await reader.readuntil(b"event: job")
        assert (await sending)[0].why_original is None
    writer.close()


def test_a_refusal_comes_before_the_upload(pair: Pair) -> None:
    with socket.create_connection(("127.0.0.1", pair.haproxy.port), timeout=60) as camera:
        camera.sendall(
            b"POST /api/ingest/slot-099 HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        answer = camera.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 404"), answer
    assert "slot_not_found" in answer


@pytest.mark.timeout(seconds=240)
async def test_an_administrator_takes_a_host_out_and_back(pair: Pair) -> None:
    party = pair.party
    for backend in ("photos", "everything"):
        pair.haproxy.ask(f"set server {backend}/a state drain")
    assert [shot.why_original for shot in await party.shoot(4)] == [None] * 4
    assert party.daemon.events("photo done") == []
    assert len(pair.second.events("photo done")) == 4
    for backend in ("photos", "everything"):
        pair.haproxy.ask(f"set server {backend}/a state ready")
    await pair.both_up()
    until(lambda: pair.haproxy.up("everything") == {"a", "b"})
