"""Screens as pictures: ``--screenshots DIR`` writes them.

Into ``docs/screenshots`` go only those that a document shows.
"""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.support.ui_house import Visit

DOCS = Path(__file__).parents[2] / "docs"
OF_DOCUMENTS = DOCS / "screenshots"
SETTLED = """() => document.fonts.status === "loaded" && [...document.images]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().top < innerHeight)
  .every((one) => one.complete)"""


@cache
def shown() -> frozenset[str]:
    """Return the names of the screenshots that the documents show."""
    texts = [path.read_text("utf-8") for path in (DOCS.parent / "README.md", *DOCS.rglob("*.md"))]
    return frozenset(re.findall(r"screenshots/([\w-]+\.\w+)", "\n".join(texts)))


def is_wanted(folder: Path, name: str, language: str, size: tuple[int, int], scheme: str) -> bool:
    """Return whether a picture of this is to be written there."""
    return folder.resolve() != OF_DOCUMENTS or _file(name, language, size, scheme) in shown()


def _file(name: str, language: str, size: tuple[int, int], scheme: str) -> str:
    return f"{name}-{language}-{size[0]}-{scheme}.webp"


def save(one: Visit, folder: Path, name: str, size: tuple[int, int], scheme: str) -> None:
    """Write what the page shows now, once its letters and pictures are there."""
    if not is_wanted(folder, name, one.language, size, scheme):
        return
    path = folder / _file(name, one.language, size, scheme)
    folder.mkdir(parents=True, exist_ok=True)
    one.page.wait_for_function(SETTLED)
    with Image.open(BytesIO(one.page.screenshot())) as picture:
        picture.convert("RGB").save(path, "WEBP", quality=82, method=6)
