"""What most tests of faults begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.support.hurry import PRESENCE, divided
from tests.support.party import Party


@pytest.fixture
def party(io_loop: IOLoop, tmp_path: Path, database_url: str) -> Iterator[Party]:
    """A daemon that is called ``one`` where there are others, ready for photos.

    They learn of each other in a tenth of the field's time.
    """
    toml, swift = '[server]\nhost_name = "one"\n', divided(PRESENCE, 10)
    opened: Party = io_loop.run_sync(
        lambda: Party.open(tmp_path, database_url, toml=toml, constants=swift)
    )
    yield opened
    io_loop.run_sync(opened.close)
