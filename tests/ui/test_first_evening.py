"""From the quick start to a camera program's picture, by the browser alone, as the guide tells.

``--screenshots docs/pictures/first-evening`` writes the guide's pictures.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.daemons import until
from tests.support.other_machine import OtherMachine
from tests.support.ui_house import LOCALES, NARROW, WIDE
from tests.support.ui_pictures import party

pytestmark = pytest.mark.browser
START_SECONDS = 120
CAMERA_SECONDS = 60
WALK_MAX_SECONDS = 600
COLOURS = 128
WALKS = [(language, size) for language in ("ru", "en") for size in (WIDE, NARROW)]
"""All that the guide has pictures of; each language and each width is tried in two of them."""
TRIED = [("ru", NARROW), ("en", WIDE)]
SETTLED = """() => document.fonts.status === "loaded" && !document.querySelector(".toast")
  && [...document.images].filter((one) => one.getBoundingClientRect().top < innerHeight)
    .every((one) => one.complete)"""


@dataclass
class Walk:
    """Somebody who has never seen it: a page, the passwords, and where pictures of it go."""

    page: Any
    language: str
    size: tuple[int, int]
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

    def choose(self, screen: str) -> None:
        """Open a screen by its name in the navigation, which a narrow page folds."""
        if self.size == NARROW:
            self.button("nav.open").click()
        nav = self.page.locator("nav")
        nav.get_by_role("link", name=self.t(f"screen.{screen}"), exact=False).click()
        self.page.locator("main h1", has_text=self.t(f"screen.{screen}")).wait_for()

    def save(self, name: str, *, also_narrow: bool = False) -> None:
        """Keep what the page shows now, if pictures are wanted and the guide shows this width."""
        if self.folder is None or (self.size == NARROW and not also_narrow):
            return
        if self.size == NARROW:
            name = f"{name}-{NARROW[0]}"
        self.page.evaluate(
            "document.querySelectorAll('.toast-close').forEach((one) => one.click())"
        )
        self.page.mouse.move(0, 0)
        self.page.wait_for_function(SETTLED)
        self.folder.mkdir(parents=True, exist_ok=True)
        with Image.open(BytesIO(self.page.screenshot())) as picture:
            small = picture.convert("RGB")
            small = small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
            small.save(self.folder / f"{name}-{self.language}.png", optimize=True)


@pytest.fixture
def quickstart(other_machine: OtherMachine, tmp_path: Path) -> Iterator[dict[str, Any]]:
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    walks = WALKS if metafunc.config.getoption("--screenshots") else TRIED
    ids = [f"{language}-{size[0]}" for language, size in walks]
    metafunc.parametrize("walk", walks, indirect=True, ids=ids)


@pytest.fixture
def walk(
    request: pytest.FixtureRequest, quickstart: dict[str, Any], browser: Any
) -> Iterator[Walk]:
    language, (width, height) = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=LOCALES[language],
        timezone_id="Europe/Moscow",
        color_scheme="light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    source = (files("photobooth_daemon.ui") / "texts" / f"{language}.json").read_text("utf-8")
    folder = request.config.getoption("--screenshots")
    yield Walk(
        context.new_page(),
        language,
        (width, height),
        quickstart,
        Path(folder) if folder else None,
        json.loads(source),
    )
    context.close()


def test_the_guide_is_walked(walk: Walk, other_machine: OtherMachine, tmp_path: Path) -> None:
    page, t = walk.page, walk.t
    slot = "slot-003"
    began = time.monotonic()

    page.goto(walk.credentials["base_url"])
    page.get_by_label(t("login.username")).fill("serg")
    page.get_by_label(t("login.password"), exact=True).fill(walk.credentials["admins"]["serg"])
    walk.save("1-login")
    walk.button("login.enter").click()
    page.locator(".card-picture img").first.wait_for()
    walk.save("2-board")

    walk.choose("settings")
    page.locator("#public_url").wait_for()
    own = page.evaluate("fetch('/api/addresses').then((answer) => answer.json())")["items"]
    # A machine without a network has none that others could reach.
    reachable = [one["url"] for one in own if one["is_open"] and not one["is_name"]]
    if other_machine.our_host:
        reachable = [url for url in reachable if f"//{other_machine.our_host}:" in url]
    if reachable:
        offer = page.locator("#address .button-row button", has_text=reachable[0]).first
        offer.scroll_into_view_if_needed()
        offer.click()
        walk.save("3-address")
        walk.button("act.save").click()
        page.locator(".save-bar").wait_for(state="detached")

    walk.button("settings.rotate").click()
    password = page.locator("#ingest-password").input_value()
    walk.save("4-password")
    walk.button("rotation.save").click()
    walk.button("rotation.noted").click()

    walk.choose("board")
    page.locator(f"a[href='#/slots/{slot}']").click()
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
    walk.save("6-trial", also_narrow=True)
    walk.button("act.save").click()
    page.locator(".save-bar").wait_for(state="detached")

    page.get_by_role("link", name=t("slot.tab.camera"), exact=True).click()
    address = page.locator("#dslr .address").first.input_value()
    assert re.fullmatch(rf"https?://[^/]+/api/ingest/{slot}\?response=image", address)
    if other_machine.our_host:
        assert f"//{other_machine.our_host}:" in address
    walk.save("7-camera", also_narrow=True)

    # The camera program, on another machine: it knows the address and the password.
    sent = subprocess.run(
        [
            *other_machine.command,
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

    walk.choose("board")
    card = page.locator(".card", has=page.locator(f"a[href='#/slots/{slot}']"))
    card.locator(".card-picture img").wait_for()
    card.scroll_into_view_if_needed()
    walk.save("8-picture", also_narrow=True)
    assert time.monotonic() - began < WALK_MAX_SECONDS

    walk.choose("jobs")
    page.locator(".job-row a").first.click()
    page.locator("#facts").wait_for()
    if other_machine.host:
        assert page.locator("#facts", has_text=other_machine.host).count() == 1
    walk.choose("health")
    page.locator("#deeds").wait_for()
    walk.save("9-health")
