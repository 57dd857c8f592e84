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
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.evening.booth import Evening
from tests.evening.hours import give_hours
from tests.evening.photos import logo, photo
from tests.evening.pictures import LOCALES, Pictures

SLOTS = [f"slot-{number:03d}" for number in range(1, 16)]
NAMES = ("Арка", "Лес", "Балкон", "Танцпол", "Фонтан")
# Each photo of the outage is tried again for as long as its camera waits.
COMMON = {"enabled": True, "on_failure": "original", "sync_response_seconds": 15}
PAINTED = {
    "provider": "gemini",
    "operation": "edit",
    "params": {"prompt": "Make it a comic book panel; keep every face."},
}
LOOKS = ("pop", "warm", "noir", "dream", "vintage", "sepia")
"""What the first booths do, on this machine: no outage of a provider meets them."""
ACCENT = "#8a3b5c"
RERUN_SECONDS = 300.0


def recipe(number: int) -> dict[str, Any]:
    """Return what a booth makes of its photos."""
    if number >= len(LOOKS):
        return PAINTED
    return {"provider": "local", "operation": "look", "params": {"look": LOOKS[number]}}


async def cameras(
    booth: Evening, photos: int, rng: random.Random, slots: Sequence[str] = SLOTS
) -> list[tuple[int, Any]]:
    """Let the slots' cameras send their share of the photos, each one after the other."""
    answers: list[tuple[int, Any]] = []

    async def camera(slot_id: str, count: int) -> None:
        for _ in range(count):
            answers.append(await booth.photograph(slot_id, photo(rng)))

    shares = [photos // len(slots) + (n < photos % len(slots)) for n in range(len(slots))]
    await asyncio.gather(*(camera(s, n) for s, n in zip(slots, shares, strict=True)))
    return answers


async def main(folder: Path, photos: int, into: Path) -> None:
    rng = random.Random(20261128)
    async with Evening(folder) as booth, Pictures(folder, booth.base_url, into) as pictures:
        say = print
        await forget_the_sample(booth)
        for number, slot_id in enumerate(SLOTS):
            name = f"{NAMES[number % len(NAMES)]} {number // len(NAMES) + 1}"
            await booth.call(
                "PUT",
                f"/api/slots/{slot_id}",
                {**COMMON, **recipe(number), "display_name": name},
                If_Match="*",
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
                "guest": {
                    "greeting": "Спасибо, что были с нами!",
                    "accent": ACCENT,
                    "logo_media_id": await booth.template("А и И", logo("А·И", ACCENT)),
                },
                "stamp": {"text": "Ваша фотография"},
                "keep_originals": "failed",
            },
        )
        path = f"/api/events/{event['event_id']}"
        gallery = event["gallery"]["link"]
        say(f"gallery: {gallery}")

        first = await cameras(booth, photos // 4, rng)
        more = asyncio.create_task(cameras(booth, photos // 3 - len(first), rng))
        await pictures.board(booth.login)
        first += await more
        assert all(status == 200 for status, _ in first)
        await booth.provider("overloaded")
        outage = await cameras(booth, photos // 3, rng)
        # The booth printed the untouched photo: nobody stood there without one.
        assert all(status == 200 for status, _ in outage), "no fallback"
        lost = [answer["job_id"] for _, answer in outage if answer["fallback"] == "original"]
        assert lost
        await booth.provider(None)
        # The last of the evening come from booths whose pictures do not say REHEARSAL.
        finale = min(2 * len(LOOKS), photos // 6)
        last = await cameras(booth, photos - 2 * (photos // 3) - finale, rng)
        end_of_it = await cameras(booth, finale, rng, SLOTS[: len(LOOKS)])
        after = len(last) + len(end_of_it)
        say(f"photos: {len(first)} before, {len(outage)} during, {after} after the outage")

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

        await rerun(booth, path, len(lost))
        for job_id in lost:
            status, _ = await booth.visit(f"{booth.base_url}/public/results/{job_id}")
            assert status == 200, (job_id, status)
        say(f"made again: {len(lost)}, each under its first link")

        shown = await listed(booth, gallery)
        assert len(shown) == photos - 2, (len(shown), photos)
        assert hidden not in shown
        phases = [
            [answer["job_id"] for _, answer in phase] for phase in (first, outage, last, end_of_it)
        ]
        until = datetime.now(UTC)
        await give_hours(booth.state, event["event_id"], phases, until, rng)
        await keep(booth, folder, path, gallery)
        # A small evening may have none but what the rehearsal provider has painted.
        await pictures.guests(gallery, set(shown) - await painted(booth) or set(shown))
        await pictures.report({name: await page_of(booth, path, name) for name in LOCALES})
        say(f"the gallery shows {len(shown)} of {photos}: one deleted, one hidden")

        await end(booth, path)
        purged = await booth.call("POST", f"{path}/purge", expect=202)
        proof = await booth.call("GET", f"{path}/retention")
        assert proof["kept"]["results"] == proof["kept"]["originals"] == 0, proof
        assert proof["past_their_time"] == proof["orphans"] == 0, proof
        assert (await booth.visit(f"{booth.base_url}/public/results/{hidden}"))[0] == 410
        say(f"purged: {purged['removed']}; nothing is kept")
    say(f"everything is in {folder}")


async def forget_the_sample(booth: Evening) -> None:
    """Remove the quick start's own picture: it is none of the evening."""
    for job in (await booth.call("GET", "/api/jobs?status=done"))["items"]:
        await booth.call("DELETE", f"/api/jobs/{job['job_id']}/result")


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
    """Leave the evening's pages in the folder."""
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


async def page_of(booth: Evening, path: str, locale: str) -> bytes:
    """Return the report's page, as it is given to a client: without what it cost."""
    page: bytes = await booth.call("GET", f"{path}/report?format=html&locale={locale}&cost=0")
    return page


async def painted(booth: Evening) -> set[str]:
    """Return the jobs of the slots that the provider paints: its pictures say REHEARSAL."""
    found: set[str] = set()
    for slot_id in SLOTS[len(LOOKS) :]:
        jobs = await booth.call("GET", f"/api/jobs?slot={slot_id}&limit=200")
        found |= {job["job_id"] for job in jobs["items"]}
    return found


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
    parser.add_argument("--pictures", type=Path, help="where its screens go; else the folder")
    options = parser.parse_args()
    folder = options.folder.resolve()
    asyncio.run(main(folder, options.photos, options.pictures or folder))
