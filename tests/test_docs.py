"""What the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.ui.screenshots import OF_DOCUMENTS, shown

pytestmark = pytest.mark.texts
ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "photobooth_daemon"
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
# Of a third party's package, or made by a command.
ELSEWHERE = {"providers/<name>/driver.py"}
LANGUAGES = ("ru", "en")
OF_OTHERS = ("my_booth_driver/",)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [target for target in targets if not re.match(r"\w+:", target)]
    missing = [target for target in local if not (document.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_of_the_code_exist(document: Path) -> None:
    """A path to a module is written from the top, or from the package."""
    named = set(
        re.findall(r"(?<![\w/.<-])((?:[\w<>*-]+/)+[\w<>*-]+\.py)\b", document.read_text("utf-8"))
    )
    missing = [
        name
        for name in sorted(named - ELSEWHERE)
        if not name.startswith(OF_OTHERS)
        and not any(list(base.glob(name)) for base in (ROOT, PACKAGE, ROOT / "docs/example-driver"))
    ]
    assert missing == []


def test_every_screenshot_is_shown_by_a_document() -> None:
    assert {path.name for path in OF_DOCUMENTS.iterdir()} == shown()


def test_the_walk_names_modules_by_their_rooms() -> None:
    text = (ROOT / "docs/one-photo.md").read_text("utf-8")
    bare = set(re.findall(r"(?<![\w/])([a-z_]+\.py)\b", text))
    at_the_top = {path.name for path in PACKAGE.glob("*.py")} | {"setup.py"}
    assert bare <= at_the_top


def test_every_picture_of_the_first_evening_is_shown_and_small() -> None:
    guides = {
        name: (ROOT / f"docs/first-evening.{name}.md").read_text("utf-8") for name in LANGUAGES
    }
    pictures = sorted((ROOT / "docs/pictures/first-evening").iterdir())
    assert len(pictures) == 24
    for picture in pictures:
        guide = guides[picture.stem.rpartition("-")[2]]
        assert f"pictures/first-evening/{picture.name})" in guide
        assert picture.stat().st_size <= 150_000, picture.name


def test_every_picture_of_the_evening_is_shown_and_small() -> None:
    texts = "\n".join(document.read_text("utf-8") for document in DOCUMENTS)
    pictures = sorted((ROOT / "docs/pictures/evening").iterdir())
    assert len(pictures) == 8
    for picture in pictures:
        assert f"pictures/evening/{picture.name})" in texts
        assert picture.stat().st_size <= 200_000, picture.name
