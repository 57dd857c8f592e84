"""The commands of docs/scale.md, typed as printed, on machines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.machines import Machine, Site, skip_without_machines
from tests.support.object_store import DEBIANS_PYTHON, SERVER
from tests.support.sample_pictures import jpeg

SCALE = Path(__file__).parents[2] / "docs/scale.md"
PRIMARY, STANDBY, FIRST, SECOND, HAPROXY, STORE = (
    *("10.0.0.11", "10.0.0.12", "10.0.0.21", "10.0.0.22"),
    *("10.0.0.10", "10.0.0.30"),
)
ENDPOINT = "https://s3.example.com"
ADDRESS = re.compile(r"10\.0\.0\.\d+")
ACCESS_KEY, SECRET, CAMERAS = "test:tester", "testing", "booths-own"
# What the list leaves to other documents: a password for the cameras, and a slot that is on.
SLOT = f"""
printf {CAMERAS} | photoboothctl settings rotate-ingest-password --stdin
photoboothctl slot set slot-001 enabled=true provider=local operation=look params.look=noir
"""
TAKES_PHOTOS = """
until curl -s http://{0}/readyz | grep -q '"takes_photos": *true'; do sleep 0.2; done
"""
SEND = f"PHOTOBOOTH_INGEST_PASSWORD={CAMERAS} photoboothctl send --server http://{HAPROXY} {{}}"
BUCKET = f"""
import asyncio
from photobooth_daemon.config.media import S3Config
from photobooth_daemon.media.s3_client import Request, S3Client

async def make():
    client = S3Client(S3Config("http://{STORE}", "photobooth", "{ACCESS_KEY}", "{SECRET}"))
    async with client.call(Request("PUT", "")):
        pass
    await client.close()

asyncio.run(make())
"""


@dataclass(frozen=True, slots=True)
class Step:
    """Lines to be typed on some machines."""

    machines: list[str]
    lines: str


def steps() -> Iterator[Step]:
    """Give the list's steps: a comment that names machines says where what follows is typed."""
    text = SCALE.read_text("utf-8").partition("## Forty booths in four cities")[2]
    block = re.findall(r"(?ms)^```\n(.*?)^```$", text)[0]
    machines: list[str] = []
    lines: list[str] = []
    for line in block.splitlines():
        named = ADDRESS.findall(line) if line.startswith("#") else []
        if named:
            if lines:
                yield Step(machines, "\n".join(lines))
            machines, lines = named, []
        elif not line.startswith("#"):
            lines.append(line.replace("…", ACCESS_KEY if "s3_access_key" in line else SECRET))
    yield Step(machines, "\n".join(lines))


def configuration() -> str:
    """Return the photobooth.toml that the document shows, with the test's own bucket."""
    text = SCALE.read_text("utf-8").partition("## Forty booths in four cities")[2]
    block = re.findall(r"(?ms)^```\n(.*?)^```$", text)[1]
    assert ENDPOINT in block
    return block.replace(ENDPOINT, f"http://{STORE}")


def start_store(machine: Machine, directory: Path) -> None:
    """Run an object store with an empty bucket on a machine."""
    machine.run(
        f"{DEBIANS_PYTHON} {SERVER} {directory} 80 {ACCESS_KEY} {SECRET} {STORE}"
        " >/run/swift 2>/run/swift.err &\n"
        "until grep -q listening /run/swift; do kill -0 $!; sleep 0.1; done\n"
        f"$PYTHON -c '{BUCKET}'"
    )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    skip_without_machines()
    with Site(tmp_path) as made:
        yield made


@pytest.mark.minutes
def test_forty_booths_as_printed(site: Site, tmp_path: Path) -> None:
    (tmp_path / "edited").write_text(configuration())
    start_store(site.machine(STORE), tmp_path / "swift")
    typed = list(steps())
    everywhere = {address for step in typed for address in step.machines}
    assert everywhere == {PRIMARY, STANDBY, FIRST, SECOND, HAPROXY}
    for address in sorted(everywhere):
        site.machine(address)
    for step in typed[:-1]:
        for address in step.machines:
            site.machine(address).run(step.lines)
    # Red, for there are no passwords yet; what the list was for is green.
    told = site.machine(FIRST).run(typed[-1].lines, good=False)
    for name in ("База данных", "Бакет"):
        assert re.search(f"✔.* {name} ", told), told

    first, haproxy = site.machine(FIRST), site.machine(HAPROXY)
    first.run("photoboothctl config check")
    first.run(SLOT)
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    for address in (FIRST, SECOND):
        haproxy.run(TAKES_PHOTOS.format(f"{address}:8080"))
    haproxy.run(TAKES_PHOTOS.format(HAPROXY))
    send = SEND.format(tmp_path / "photo.jpg")
    haproxy.run(send)

    # Either of PostgreSQL's machines may be the primary one day.
    site.machine(PRIMARY).run("pg_ctlcluster 15 main stop -m immediate")
    site.machine(STANDBY).run("pg_ctlcluster 15 main promote")
    for address in (FIRST, SECOND):
        haproxy.run(TAKES_PHOTOS.format(f"{address}:8080"))
    haproxy.run(send)
    count = "sudo -u postgres psql -Atc \"SELECT count(*) FROM job_history WHERE status = 'done'\""
    assert site.machine(STANDBY).run(f"{count} photobooth").strip() == "2"
    assert "Tartu" in first.run("photoboothctl event list")
