"""A daemon that answers as the test says, and the intake beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_ingest import FakeIngest
from tests.support.intake_process import IntakeProcess


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    """What stands in the daemon's place."""
    with FakeIngest() as opened:
        yield opened


@pytest.fixture
def intake(tmp_path: Path, ingest: FakeIngest) -> Iterator[IntakeProcess]:
    """The intake, running."""
    opened = IntakeProcess(tmp_path, ingest.url)
    opened.start()
    yield opened
    opened.stop()
