"""A thousand photos through failing providers: does everyone get a picture, is every attempt told?

    python -m bench.ladders [--photos 1000] [--at-once 30] [--seed 7] [--only ladder|bare]

Two runs against two fake providers that refuse, are overloaded in bursts, send
garbage and hang, by a script that the seed decides. With a ladder of two remote
rungs and ``local`` all photos have to get a picture within the window; with no
ladder each has to get exactly what the contract says for how its attempts
ended. Then the jobs are compared with what the providers remember: no attempt
may be missing, doubled or called by another name.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from PIL import Image

from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.rehearsal.fake_picture import PreparedPainter
from photobooth_daemon.rehearsal.fake_provider import FakeProvider

PASSWORD = "a password for measuring"
SLOT = "slot-001"
START_SECONDS = 60.0
REFUSED, OVERLOADED, GARBAGE, HUNG = 0.10, 0.10, 0.05, 0.05
BURST = 5
"""Overload comes in bursts: so many requests in a row."""
REASONS = {
    "image": "ok",
    "image_safety": "refused",
    "prompt_blocked": "refused",
    "overloaded": "overloaded",
    "garbage": "bad_response",
    "hang": "timeout",
}
"""What the daemon has to call each behaviour; a hang on the last rung is ``cancelled``."""
LADDER = [
    {"provider": "openai", "operation": "edit", "params": {"prompt": "Smile."}},
    {"provider": "local", "operation": "look", "params": {"look": "warm"}},
]


@dataclass
class Answer:
    """What one photo got."""

    status: int
    code: str | None
    provider_code: str | None
    job_id: str | None
    seconds: float


@dataclass
class Outcome:
    """One run: the answers, the faults found, what both sides counted."""

    title: str
    window_seconds: int
    answers: list[Answer]
    wrong: list[str] = field(default_factory=list)
    attempts: Counter[tuple[str, str]] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    wall_seconds: float = 0.0


def script(provider: FakeProvider, requests: int, chance: random.Random) -> None:
    """Queue what each request gets; after the queue everything works."""
    faults = [("refuse", REFUSED), ("burst", OVERLOADED / BURST), ("garbage", GARBAGE)]
    faults += [("hang", HUNG)]
    queued = 0
    while queued < requests:
        drawn, fault = chance.random(), "image"
        for name, odds in faults:
            if drawn < odds:
                fault = name
                break
            drawn -= odds
        times = BURST if fault == "burst" else 1
        do = {"burst": "overloaded", "refuse": chance.choice(["image_safety", "prompt_blocked"])}
        provider.script.then(do.get(fault, fault), times=times)
        queued += times


async def run(
    title: str,
    arguments: argparse.Namespace,
    folder: Path,
    database_url: str,
    *,
    fallback: Sequence[Mapping[str, Any]],
    window_seconds: int,
) -> Outcome:
    """Start providers and daemon, send the photos, compare both sides."""
    chance = random.Random(arguments.seed)
    delay = (0.3, 1.5)
    providers = {
        name: FakeProvider(painter=PreparedPainter(200), delay_seconds=delay, seed=arguments.seed)
        for name in ("gemini", "openai")
    }
    for provider in providers.values():
        provider.start()
        script(provider, arguments.photos * 3, chance)
    try:
        slot = {
            "enabled": True,
            "provider": "gemini",
            "operation": "edit",
            "params": {"prompt": "Smile."},
            "fallback": list(fallback),
        }
        urls = {name: provider.url for name, provider in providers.items()}
        async with daemon(folder, database_url, urls, slot, window_seconds) as base_url:
            begun = time.monotonic()
            answers = await shoot(base_url, arguments.photos, arguments.at_once)
            wall_seconds = time.monotonic() - begun
        outcome = Outcome(title, window_seconds, answers, wall_seconds=wall_seconds)
        jobs = await read_jobs(database_url)
        compare(outcome, jobs, providers)
        return outcome
    finally:
        for provider in providers.values():
            await provider.stop()


def compare(
    outcome: Outcome, jobs: Mapping[str, Any], providers: Mapping[str, FakeProvider]
) -> None:
    """Note everything that is not as it has to be."""
    for answer in outcome.answers:
        if answer.seconds > outcome.window_seconds:
            outcome.wrong.append(f"{answer.job_id}: answered after {answer.seconds:.1f} s")
        job = jobs.get(answer.job_id or "")
        if job is None:
            outcome.wrong.append(f"an answer {answer.status} {answer.code} without a job")
            continue
        expected = expected_answer(job)
        if (answer.status, answer.code, answer.provider_code) != expected:
            outcome.wrong.append(f"{answer.job_id}: {answer} instead of {expected}")
    if len(jobs) != len(outcome.answers):
        outcome.wrong.append(f"{len(jobs)} jobs for {len(outcome.answers)} answers")
    for job in jobs.values():
        if job["status"] == "done":
            outcome.rungs[job["provider"]] += 1
        for attempt in job["attempts"]:
            outcome.attempts[attempt["provider"], attempt["reason"] or "ok"] += 1
    for name, provider in providers.items():
        told: Counter[str] = Counter()
        for (who, reason), count in outcome.attempts.items():
            if who == name:
                told["timeout" if reason == "cancelled" else reason] += count
        # The daemon's health check asks for the model with GET.
        asked = [request for request in provider.log.requests if request.method == "POST"]
        seen = Counter(REASONS[str(request.behaviour)] for request in asked)
        if told != seen:
            outcome.wrong.append(f"{name} saw {dict(seen)}, the jobs tell {dict(told)}")


def expected_answer(job: Any) -> tuple[int, str | None, str | None]:
    """Return what the contract says for how a job's attempts ended."""
    last = job["attempts"][-1]["reason"] if job["attempts"] else "cancelled"
    if last is None:
        return 200, None, None
    if last == "cancelled":
        return 504, "provider_timeout", None
    return 502, "provider_error", last


async def shoot(base_url: str, photos: int, at_once: int) -> list[Answer]:
    """Send photos, so many at once, each on a connection of its own."""
    left = iter(range(photos))
    photo = one_photo()
    answers: list[Answer] = []

    async def camera(session: aiohttp.ClientSession) -> None:
        for _ in left:
            form = aiohttp.FormData()
            form.add_field("password", PASSWORD)
            form.add_field(
                "fileToUpload", photo, filename="IMG_0001.JPG", content_type="image/jpeg"
            )
            begun = time.monotonic()
            async with session.post(f"{base_url}/api/ingest/{SLOT}", data=form) as response:
                body = await response.json(content_type=None)
            seconds = time.monotonic() - begun
            answers.append(
                Answer(
                    response.status,
                    body.get("code"),
                    body.get("provider_code"),
                    body.get("job_id"),
                    seconds,
                )
            )

    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=120)
    ) as session:
        await asyncio.gather(*(camera(session) for _ in range(at_once)))
    return answers


@asynccontextmanager
async def daemon(
    folder: Path,
    database_url: str,
    urls: Mapping[str, str],
    slot: Mapping[str, Any],
    window_seconds: int,
) -> AsyncIterator[str]:
    """Run a daemon of its own process on an empty database."""
    config = folder / "photobooth.toml"
    tables = "".join(
        f'[providers.{name}]\nbase_url = "{url}"\napi_key = "bench-key"\nlocal = true\n'
        for name, url in urls.items()
    )
    config.write_text(
        f'[server]\nlisten = "127.0.0.1:0"\njwt_key_file = "{folder}/jwt.key"\n'
        f'[database]\nurl = "{database_url}"\n[media]\nroot = "{folder}/media"\n{tables}'
    )
    ctl(config, "migrate")
    ctl(config, "settings", "rotate-ingest-password", "--stdin", text=f"{PASSWORD}\n")
    limits = ["slot_concurrency=30", "slot_queue=200", "provider_concurrency=100", "min_free_mb=0"]
    ctl(config, "settings", "set", *limits, f"sync_response_seconds={window_seconds}")
    ctl(config, "slot", "set", SLOT, "--file", "-", text=json.dumps(slot))
    log = folder / "daemon.log"
    with running(
        [sys.executable, "-m", "photobooth_daemon.process.main", "--config", str(config)], log
    ) as process:
        yield f"http://127.0.0.1:{await asyncio.to_thread(port_in, log, process)}"


def ctl(config: Path, *arguments: str, text: str | None = None) -> None:
    """Run one command of the installation.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "photobooth_daemon.cli", "--config", str(config), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process for as long as the block lasts."""
    with log.open("wb") as lines:
        process = subprocess.Popen(command, stdout=lines, stderr=lines, env=dict(os.environ))
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(70)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def port_in(log: Path, process: subprocess.Popen[bytes]) -> int:
    """Return the port that the daemon says it listens on."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                return int(json.loads(line)["port"])
        time.sleep(0.05)
    raise RuntimeError(f"the daemon did not start: {log.read_text()[-2000:]}")


async def read_jobs(database_url: str) -> dict[str, Any]:
    """Return every job by its id."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT job_id::text, status, provider, attempts FROM job_history"
        )
    finally:
        await connection.close()
    return {row["job_id"]: {**row, "attempts": json.loads(row["attempts"])} for row in rows}


def one_photo() -> bytes:
    """Return a photo of 1800 by 1200 pixels, about half a megabyte."""
    grain = Image.effect_noise((1800, 1200), 24).convert("RGB")
    scene = Image.linear_gradient("L").resize((1800, 1200)).convert("RGB")
    encoded = io.BytesIO()
    Image.blend(scene, grain, 0.4).save(encoded, "JPEG", quality=85)
    return encoded.getvalue()


def show(outcome: Outcome) -> None:
    """Print a run as the section of ``docs/figures.md``."""
    seconds = sorted(answer.seconds for answer in outcome.answers)
    statuses = Counter(
        (answer.status, answer.provider_code or answer.code or "") for answer in outcome.answers
    )
    print(f"\n### {outcome.title}\n")
    print(
        f"{len(seconds)} photos in {outcome.wall_seconds:.0f} s, window {outcome.window_seconds} s."
    )
    print("\n| answer | photos |\n|---|---|")
    for (status, code), count in sorted(statuses.items()):
        print(f"| {status} {code} | {count} |")
    quantiles = [seconds[min(len(seconds) - 1, int(len(seconds) * q))] for q in (0.5, 0.95, 1)]
    print(f"\np50 {quantiles[0]:.1f} s, p95 {quantiles[1]:.1f} s, slowest {quantiles[2]:.1f} s.")
    pictures = ", ".join(f"{name} {count}" for name, count in outcome.rungs.most_common())
    print(f"Pictures by: {pictures}.")
    print("\n| provider | attempts by reason |\n|---|---|")
    for name in sorted({provider for provider, _ in outcome.attempts}):
        told = sorted((r, n) for (p, r), n in outcome.attempts.items() if p == name)
        print(f"| {name} | {', '.join(f'{reason} {count}' for reason, count in told)} |")
    print(f"\nWrong: {len(outcome.wrong) or 'nothing'}.")
    for line in outcome.wrong[:20]:
        print(f"- {line}")


async def main(arguments: argparse.Namespace) -> int:
    """Make the runs and return the exit status."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="photobooth-ladders-") as name:
        folder = Path(name)
        # Root's PostgreSQL runs as another user, who has to pass through.
        os.chmod(name, 0o711)
        with EmbeddedPostgres(folder / "postgres") as postgres:
            for kind in ("ladder", "bare"):
                if arguments.only not in (None, kind):
                    continue
                (folder / kind).mkdir()
                postgres.execute(f"CREATE DATABASE {kind}")
                ladder = kind == "ladder"
                outcome = await run(
                    "Two remote rungs and local" if ladder else "No ladder",
                    arguments,
                    folder / kind,
                    postgres.url_of(kind),
                    fallback=LADDER if ladder else [],
                    window_seconds=48 if ladder else 20,
                )
                if ladder:
                    without = [a for a in outcome.answers if a.status != 200]
                    outcome.wrong += [f"no picture: {answer}" for answer in without]
                show(outcome)
                outcomes.append(outcome)
    return int(any(outcome.wrong for outcome in outcomes))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=("ladder", "bare"))
    sys.exit(asyncio.run(main(parser.parse_args())))
