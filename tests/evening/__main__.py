"""``make evening``: a whole evening in a few minutes, from the plan to the purge.

A quick start, an event on fifteen slots, photos by fifteen cameras, an outage of the
provider in the middle, a guest who deletes a picture, one that is hidden, a change that is
refused, the reruns, the report, the purge. Its pages and pictures are left in a folder.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from tests.evening.booth import Evening

SLOTS = [f"slot-{number:03d}" for number in range(1, 16)]
NAMES = ("Арка", "Лес", "Балкон", "Танцпол", "Фонтан")
RECIPE = {
    "provider": "gemini",
    "operation": "edit",
    "params": {"prompt": "Make it a comic book panel; keep every face."},
    "enabled": True,
    "on_failure": "original",
    "sync_response_seconds": 20,
}
RERUN_SECONDS = 300.0


def photo(rng: random.Random) -> bytes:
    """A picture that is told apart from others: a gradient with a few figures."""
    image = Image.new("RGB", (1200, 800), tuple(rng.randrange(60, 230) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, size = rng.randrange(1000), rng.randrange(500), rng.randrange(60, 260)
        colour = tuple(rng.randrange(256) for _ in range(3))
        draw.ellipse((x, y, x + size, y + size), fill=colour)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=88)
    return data.getvalue()


async def cameras(booth: Evening, photos: int, rng: random.Random) -> list[tuple[int, Any]]:
    """Let fifteen cameras send their share of the photos, each one after the other."""
    answers: list[tuple[int, Any]] = []

    async def camera(slot_id: str, count: int) -> None:
        for _ in range(count):
            answers.append(await booth.photograph(slot_id, photo(rng)))

    shares = [photos // len(SLOTS) + (n < photos % len(SLOTS)) for n in range(len(SLOTS))]
    await asyncio.gather(*(camera(s, n) for s, n in zip(SLOTS, shares, strict=True)))
    return answers


def jobs_of(answers: list[tuple[int, Any]]) -> list[str]:
    return [answer["job_id"] for _, answer in answers]


async def main(folder: Path, photos: int) -> None:
    rng = random.Random(20261128)
    async with Evening(folder) as booth:
        say = print
        for number, slot_id in enumerate(SLOTS):
            name = f"{NAMES[number % len(NAMES)]} {number // len(NAMES) + 1}"
            await booth.call(
                "PUT", f"/api/slots/{slot_id}", {**RECIPE, "display_name": name}, If_Match="*"
            )
        now = datetime.now(UTC)
        event = await booth.call(
            "POST",
            "/api/events",
            {
                "name": "Свадьба Анны и Ильи",
                "starts_at": (now - timedelta(minutes=1)).isoformat(),
                "ends_at": (now + timedelta(hours=6)).isoformat(),
                "gallery": {"enabled": True, "archive": True},
                "guest": {"greeting": "Спасибо, что были с нами!", "accent": "#8a3b5c"},
                "stamp": {"text": "Ваша фотография"},
                "keep_originals": "failed",
            },
        )
        path = f"/api/events/{event['event_id']}"
        gallery = event["gallery"]["link"]
        say(f"gallery: {gallery}")

        first = await cameras(booth, photos // 3, rng)
        assert all(status == 200 for status, _ in first)
        await booth.provider("overloaded")
        outage = await cameras(booth, photos // 3, rng)
        # The booth printed the untouched photo: nobody stood there without one.
        assert all(answer["fallback"] == "original" for _, answer in outage), "no fallback"
        await booth.provider(None)
        last = await cameras(booth, photos - 2 * (photos // 3), rng)
        say(f"photos: {len(first)} before, {len(outage)} during, {len(last)} after the outage")

        link = first[0][1]["page_link"]
        page, key = link.split("?k=")
        assert (await booth.visit(f"{page}/delete", {"k": "x" * 22}))[0] == 403
        assert (await booth.visit(f"{page}/delete", {"k": key}))[0] == 303
        assert (await booth.visit(page))[0] == 410
        hidden = first[1][1]["job_id"]
        await booth.call("PUT", f"/api/jobs/{hidden}/visibility", {"hidden": True})
        refused = await booth.call(
            "PUT", "/api/slots/slot-001", {"display_name": "x"}, If_Match="*", expect=423
        )
        say(f"a change during the evening: {refused['code']}")

        await rerun(booth, path, len(outage))
        for job_id in jobs_of(outage):
            status, _ = await booth.visit(f"{booth.base_url}/public/results/{job_id}")
            assert status == 200, (job_id, status)
        say(f"made again: {len(outage)}, each under its first link")

        shown = await listed(booth, gallery)
        assert len(shown) == photos - 2, (len(shown), photos)
        assert hidden not in shown
        await keep(booth, folder, path, gallery)
        say(f"the gallery shows {len(shown)} of {photos}: one deleted, one hidden")

        await end(booth, path)
        purged = await booth.call("POST", f"{path}/purge", expect=202)
        proof = await booth.call("GET", f"{path}/retention")
        assert proof["kept"]["results"] == proof["kept"]["originals"] == 0, proof
        assert proof["past_their_time"] == proof["orphans"] == 0, proof
        assert (await booth.visit(f"{booth.base_url}/public/results/{hidden}"))[0] == 410
        say(f"purged: {purged['removed']}; nothing is kept")
    say(f"everything is in {folder}")


async def rerun(booth: Evening, path: str, photos: int) -> None:
    """Have everything that failed made again, and wait for the end."""
    await booth.call("POST", f"{path}/rerun", {"statuses": ["failed", "timeout"]}, expect=202)
    async with asyncio.timeout(RERUN_SECONDS):
        while True:
            counts = (await booth.call("GET", f"{path}/rerun"))["rerun"]
            if counts["queued"] == counts["running"] == 0:
                break
            await asyncio.sleep(0.5)
    assert (counts["done"], counts["failed"]) == (photos, 0), counts


async def listed(booth: Evening, gallery: str) -> list[str]:
    """Return the job of each picture that the gallery shows."""
    found: list[str] = []
    cursor = ""
    path = gallery.removeprefix(booth.base_url)
    while True:
        answer = await booth.call("GET", f"{path}/pictures?limit=200{cursor}")
        found += [item["job_id"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer['next_cursor']}"


async def keep(booth: Evening, folder: Path, path: str, gallery: str) -> None:
    """Leave the evening's pages in the folder, and look at them in a browser that is there."""
    for name, url in (("gallery.html", gallery), ("show.html", f"{gallery}/show")):
        status, page = await booth.visit(url)
        assert status == 200, (url, status)
        (folder / name).write_bytes(page)
    for kind in ("html", "json", "csv", "text"):
        report = await booth.call("GET", f"{path}/report?format={kind}&locale=ru")
        data = report if isinstance(report, bytes) else str(report).encode()
        (folder / f"report.{'txt' if kind == 'text' else kind}").write_bytes(data)
    archive = await booth.call("GET", f"{path}/archive.zip")
    (folder / "archive.zip").write_bytes(archive)
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert names[-1] == "index.csv", names[-3:]
    browser = shutil.which("chromium")
    if browser is None:
        print("no chromium: no screenshots")
        return
    report_url = (folder / "report.html").resolve().as_uri()
    for name, url, size in (
        ("gallery-phone.png", gallery, "390,844"),
        ("show.png", f"{gallery}/show", "1920,1080"),
        ("report.png", report_url, "1000,1400"),
    ):
        picture = f"--screenshot={folder / name}"
        await look(browser, ["--timeout=8000", f"--window-size={size}", picture, url])
    await look(browser, [f"--print-to-pdf={folder / 'report.pdf'}", report_url])


async def look(browser: str, arguments: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        browser, "--headless", "--no-sandbox", "--disable-gpu", *arguments,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await asyncio.wait_for(process.wait(), 60)


async def end(booth: Evening, path: str) -> None:
    """End the event now."""
    event = await booth.call("GET", path)
    ends_at = datetime.now(UTC).isoformat()
    await booth.call("PUT", path, {"version": event["version"], "ends_at": ends_at})
    assert (await booth.call("GET", path))["state"] == "ended"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make evening", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("evening"))
    parser.add_argument("--photos", type=int, default=300)
    options = parser.parse_args()
    asyncio.run(main(options.folder.resolve(), options.photos))
