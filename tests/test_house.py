"""Files stay small: near 300 lines there is a second noun in one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from statistics import median

import pytest

pytestmark = pytest.mark.texts
MOST_LINES = 350
MEDIAN_LINES = 110
PACKAGE = Path(str(files("photobooth_daemon")))


def test_no_file_of_the_package_is_long() -> None:
    """Who imports whom, and that nothing does in a circle, is import-linter's to prove."""
    lines = {
        str(path.relative_to(PACKAGE)): len(path.read_text("utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
    assert median(lines.values()) < MEDIAN_LINES
