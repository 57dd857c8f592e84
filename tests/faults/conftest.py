"""What most tests of faults begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.support.party import Party


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Party]:
    """A daemon that is called ``one`` where there are others, ready for photos."""
    toml = '[server]\nhost_name = "one"\n'
    opened: Party = io_loop.run_sync(lambda: Party.open(tmp_path, database_url, toml=toml))
    yield opened
    io_loop.run_sync(opened.close)
