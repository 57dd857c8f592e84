"""Every test is run, and no worker is left with a long file at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.order import SHORT_FILES_BETWEEN, WAITING, mixed

FILES = [
    path.relative_to(Path(__file__).parents[1]).as_posix()
    for path in sorted(Path(__file__).parent.rglob("test_*.py"))
]


def test_no_file_is_lost_or_doubled() -> None:
    assert sorted(mixed(FILES)) == sorted(FILES)


def test_what_waits_is_begun_early_and_not_all_at_once() -> None:
    order = mixed(FILES)
    places = [place for place, file in enumerate(order) if file.startswith(WAITING)]
    assert places[:3] == [0, SHORT_FILES_BETWEEN + 1, 2 * (SHORT_FILES_BETWEEN + 1)]
    assert places[-1] < 0.8 * len(order)


@pytest.mark.parametrize("begin", WAITING)
def test_the_names_are_those_of_files(begin: str) -> None:
    assert [file for file in FILES if file.startswith(begin)]


def test_a_few_files_are_run_in_any_case() -> None:
    assert mixed([]) == []
    assert mixed(["tests/faults/test_kill.py"]) == ["tests/faults/test_kill.py"]
    assert mixed(["tests/test_tasks.py"]) == ["tests/test_tasks.py"]
