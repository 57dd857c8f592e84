"""Files stay small: near 300 lines there is a second noun in one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from statistics import median

import pytest

pytestmark = pytest.mark.texts
MOST_LINES = 350
MEDIAN_LINES = 110
TESTS = Path(__file__).parent
PACKAGE = Path(str(files("photobooth_daemon")))


def lines_of(folder: Path) -> dict[str, int]:
    """How long each file below a folder is."""
    return {
        str(path.relative_to(folder)): len(path.read_text("utf-8").splitlines())
        for path in folder.rglob("*.py")
    }


def test_no_file_of_the_package_is_long() -> None:
    """Who imports whom, and that nothing does in a circle, is import-linter's to prove."""
    lines = lines_of(PACKAGE)
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
    assert median(lines.values()) < MEDIAN_LINES


def test_no_file_of_the_tests_is_long() -> None:
    assert {name: n for name, n in lines_of(TESTS).items() if n > MOST_LINES} == {}
