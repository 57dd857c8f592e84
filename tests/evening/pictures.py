"""The evening's screens as pictures: what a guest, a hall, a studio and its client see.

Each in Russian and in English, as WEBP files under 200 KB. Needs Playwright and Chromium; the
report on paper needs pdftoppm as well (apt install poppler-utils).
"""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Self

from PIL import Image

from tests.support.chromium import ARGUMENTS, find_chromium

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

LOCALES = {"ru": "ru-RU", "en": "en-GB"}
PHONE, HALL, DESK = (390, 832), (1280, 720), (1440, 1000)
MOST_BYTES = 200_000
QUALITIES = range(90, 20, -5)
PAGE_DPI = 110
BOARD_CARDS = 6
MARGIN_PX = 8
SHOW_MS, FADE_MS = 180_000, 1500
ONLY_FROM_NOW = """jobs => {
  for (const id of [...known.keys()]) if (!jobs.includes(id)) known.delete(id);
  shownAt = -Infinity;
  soon();
}"""
GAP_PX = 44
DESK_COLOUR = (120, 124, 130)


class Pictures:
    """Takes pictures of the running booth; ``async with`` it. Without a browser it takes none."""

    def __init__(self, folder: Path, base_url: str, into: Path) -> None:
        self._folder = folder
        self._into = into
        self._base_url = base_url
        self._browser: Browser | None = None

    async def __aenter__(self) -> Self:
        chromium = find_chromium()
        try:
            from playwright.async_api import async_playwright
        except ImportError:
            chromium = None
        if chromium is None:
            print("no Playwright or no chromium: no pictures")
            return self
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(
            executable_path=chromium, args=list(ARGUMENTS)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._browser is not None:
            await self._browser.close()
            await self._playwright.stop()

    async def board(self, login: dict[str, str]) -> None:
        """The board while photos are under way, as an administrator has it."""
        async for language, page in self._pages(DESK):
            await page.context.request.post(f"{self._base_url}/api/login", data=login)
            await page.goto(f"{self._base_url}/#/")
            await page.locator(".card img").first.wait_for()
            await page.locator(".running-event").first.wait_for()
            card = page.locator(".card").nth(BOARD_CARDS - 1)
            bottom = await card.evaluate("card => card.getBoundingClientRect().bottom")
            await page.set_viewport_size({"width": DESK[0], "height": round(bottom) + MARGIN_PX})
            await self._seen(page)
            self._keep(await page.screenshot(), f"board-{language}")

    async def guests(self, gallery: str, fine: Collection[str]) -> None:
        """The gallery on a phone, and the slideshow in the hall at one of the ``fine`` pictures."""
        async for language, page in self._pages(PHONE, pixels=2):
            await page.goto(gallery)
            await self._seen(page)
            self._keep(await page.screenshot(), f"gallery-{language}")
        async for language, page in self._pages(HALL):
            await page.goto(f"{gallery}/show")
            # The next one comes by chance: of these, and now, or it may be minutes away.
            await page.locator(".slide.seen").first.wait_for()
            await page.evaluate(ONLY_FROM_NOW, list(fine))
            await page.wait_for_function(
                "jobs => jobs.includes(current)", arg=list(fine), timeout=SHOW_MS
            )
            await page.wait_for_timeout(FADE_MS)
            self._keep(await page.screenshot(), f"show-{language}")

    async def report(self, pages: dict[str, bytes]) -> None:
        """The report as it comes out of a printer, and as a PDF; by language."""
        async for language, page in self._pages(DESK):
            await page.set_content(pages[language].decode())
            path = self._folder / f"report-{language}.pdf"
            await page.pdf(path=path, prefer_css_page_size=True, print_background=True)
            sheets = await _sheets(path)
            if sheets:
                self._keep(_beside(sheets), f"report-{language}")

    async def _pages(
        self, size: tuple[int, int], *, pixels: int = 1
    ) -> AsyncIterator[tuple[str, Page]]:
        if self._browser is None:
            return
        for language, locale in LOCALES.items():
            context = await self._browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                locale=locale,
                reduced_motion="reduce",
                device_scale_factor=pixels,
            )
            try:
                yield language, await context.new_page()
            finally:
                await context.close()

    async def _seen(self, page: Page) -> None:
        """Wait until what is in sight is there."""
        await page.evaluate("document.fonts.ready")
        await page.wait_for_function(
            "() => [...document.images].every(i => i.complete ||"
            " i.getBoundingClientRect().top > innerHeight)"
        )

    def _keep(self, data: bytes, name: str) -> None:
        """Write a picture as fine as fits."""
        with Image.open(io.BytesIO(data)) as opened:
            image = opened.convert("RGB")
        for quality in QUALITIES:
            written = io.BytesIO()
            image.save(written, "WEBP", quality=quality, method=6)
            if written.tell() <= MOST_BYTES:
                break
        else:
            raise ValueError(f"{name} is too large")
        self._into.mkdir(parents=True, exist_ok=True)
        (self._into / f"{name}.webp").write_bytes(written.getvalue())


async def _sheets(path: Path) -> list[Image.Image]:
    """Return the first two pages of a PDF as pictures."""
    drawer = shutil.which("pdftoppm")
    if drawer is None:
        print("no pdftoppm: the report on paper is left out")
        return []
    target = path.with_suffix("")
    process = await asyncio.create_subprocess_exec(
        drawer, "-png", "-r", str(PAGE_DPI), "-l", "2", str(path), f"{target}-page"
    )
    await asyncio.wait_for(process.wait(), 60)
    drawn = sorted(path.parent.glob(f"{target.name}-page-*.png"))
    sheets = [Image.open(io.BytesIO(sheet.read_bytes())).convert("RGB") for sheet in drawn]
    for sheet in drawn:
        sheet.unlink()
    return sheets


def _beside(sheets: list[Image.Image]) -> bytes:
    """Return the sheets as they lie on a desk."""
    width = sum(sheet.width + GAP_PX for sheet in sheets) + GAP_PX
    desk = Image.new("RGB", (width, sheets[0].height + 2 * GAP_PX), DESK_COLOUR)
    left = GAP_PX
    for sheet in sheets:
        desk.paste(sheet, (left, GAP_PX))
        left += sheet.width + GAP_PX
    data = io.BytesIO()
    desk.save(data, "PNG")
    return data.getvalue()
