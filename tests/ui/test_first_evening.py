"""From the quick start to a camera program's picture, by the browser alone, as the guide tells.

``--screenshots docs/pictures/first-evening`` writes the guide's pictures.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.daemons import until
from tests.support.ui_house import LANGUAGES, LOCALES, NARROW, WIDE, party

pytestmark = pytest.mark.browser
START_SECONDS = 120
CAMERA_SECONDS = 60
COLOURS = 128
SETTLED = """() => document.fonts.status === "loaded" && !document.querySelector(".toast")
  && [...document.images].filter((one) => one.getBoundingClientRect().top < innerHeight)
    .every((one) => one.complete)"""


@dataclass
class Walk:
    """Somebody who has never seen it: a page, the passwords, and where pictures of it go."""

    page: Any
    language: str
    credentials: dict[str, Any]
    folder: Path | None
    texts: dict[str, Any] = field(default_factory=dict)

    def t(self, key: str) -> str:
        found: Any = self.texts
        for part in key.split("."):
            found = found[part]
        return str(found)

    def button(self, key: str) -> Any:
        return self.page.get_by_role("button", name=self.t(key), exact=True)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.credentials['base_url']}/#/{path}")
        self.page.locator("main h1").wait_for()

    def save(self, name: str, *, narrow: bool = False) -> None:
        """Keep what the page shows now, if pictures are wanted."""
        if self.folder is None:
            return
        width, height = NARROW if narrow else WIDE
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate(
            "document.querySelectorAll('.toast-close').forEach((one) => one.click())"
        )
        self.page.wait_for_function(SETTLED)
        self.folder.mkdir(parents=True, exist_ok=True)
        with Image.open(BytesIO(self.page.screenshot())) as picture:
            small = picture.convert("RGB")
            small = small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
            small.save(self.folder / f"{name}-{self.language}.png", optimize=True)
        self.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


@pytest.fixture
def quickstart(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What ``make quickstart`` runs, for cameras on other machines too."""
    state = tmp_path / "state"
    command = [sys.executable, "-m", "photobooth_daemon.cli", "quickstart", "--lan"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--state-dir", state],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    credentials = state / "credentials.json"
    try:
        until(credentials.exists, START_SECONDS)
        yield json.loads(credentials.read_text("utf-8"))
    finally:
        process.terminate()
        process.wait(timeout=90)


@pytest.fixture(params=LANGUAGES)
def walk(
    request: pytest.FixtureRequest, quickstart: dict[str, Any], browser: Any
) -> Iterator[Walk]:
    context = browser.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]},
        locale=LOCALES[request.param],
        timezone_id="Europe/Moscow",
        color_scheme="light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    source = (files("photobooth_daemon.ui") / "texts" / f"{request.param}.json").read_text("utf-8")
    folder = request.config.getoption("--screenshots")
    yield Walk(
        context.new_page(),
        request.param,
        quickstart,
        Path(folder) if folder else None,
        json.loads(source),
    )
    context.close()


def test_the_guide_is_walked(walk: Walk, tmp_path: Path) -> None:
    page, t = walk.page, walk.t
    slot = "slot-003"

    page.goto(walk.credentials["base_url"])
    page.get_by_label(t("login.username")).fill("serg")
    page.get_by_label(t("login.password"), exact=True).fill(walk.credentials["admins"]["serg"])
    walk.save("1-login")
    walk.button("login.enter").click()
    page.locator(".card-picture img").first.wait_for()
    walk.save("2-board")

    walk.go("settings?at=address")
    page.locator("#public_url").wait_for()
    own = page.evaluate("fetch('/api/addresses').then((answer) => answer.json())")["items"]
    # A machine without a network has none that others could reach.
    reachable = [one["url"] for one in own if one["is_open"] and not one["is_name"]]
    if reachable:
        page.locator("#address .button-row button", has_text=reachable[0]).first.click()
        walk.save("3-address")
        if page.locator(".save-bar").count():
            walk.button("act.save").click()
            page.locator(".save-bar").wait_for(state="detached")

    walk.go("settings?at=ingest")
    walk.button("settings.rotate").click()
    password = page.locator("#ingest-password").input_value()
    walk.save("4-password")
    walk.button("rotation.save").click()
    walk.button("rotation.noted").click()

    walk.go(f"slots/{slot}?at=recipe")
    recipe = page.locator(".recipe-card").filter(
        has=page.get_by_text({"ru": "Нуар", "en": "Noir"}[walk.language], exact=True)
    )
    recipe.locator("img").nth(1).wait_for()
    walk.save("5-recipes")
    recipe.get_by_role("button").click()
    page.locator("#params-look").wait_for()
    photo = tmp_path / "IMG_0001.JPG"
    photo.write_bytes(party())
    page.locator("#try input[type=file]").set_input_files(photo)
    walk.button("try.start").click()
    page.locator("#try .notice.ok").wait_for()
    page.locator("#enabled").focus()
    page.keyboard.press("Space")
    page.locator("#try").scroll_into_view_if_needed()
    walk.save("6-trial")
    walk.save("6-trial-360", narrow=True)
    walk.button("act.save").click()
    page.locator(".save-bar").wait_for(state="detached")

    walk.go(f"slots/{slot}?tab=camera")
    address = page.locator("#dslr .copy-row input").first.input_value()
    assert re.fullmatch(rf"https?://[^/]+/api/ingest/{slot}\?response=image", address)
    walk.save("7-camera")
    walk.save("7-camera-360", narrow=True)

    # The camera program, on whichever machine: it knows the address and the password.
    sent = subprocess.run(
        [
            *(sys.executable, "-m", "photobooth_daemon.cli", "send", "--url", address),
            *("--password-file", "-", photo),
        ],
        input=password,
        capture_output=True,
        text=True,
        timeout=CAMERA_SECONDS,
        check=False,
    )
    assert sent.returncode == 0, sent.stdout + sent.stderr

    walk.go("")
    card = page.locator(".card", has=page.locator(f"a[href='#/slots/{slot}']"))
    card.locator(".card-picture img").wait_for()
    walk.save("8-picture")
    walk.save("8-picture-360", narrow=True)
    walk.go("health")
    page.locator("#deeds").wait_for()
    walk.save("9-health")
