"""What cleans up, on a media tree and a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.database.pool import Database
from photobooth_daemon.housekeeping.build import Housekeeping
from photobooth_daemon.housekeeping.cleanup import Cleanup
from photobooth_daemon.media.file_store import FileStore
from tests.support.fakes import FakeClock
from tests.support.housekeeping import housekeeping_of


@pytest.fixture
def media_store(io_loop: IOLoop, media_root: Path) -> Iterator[FileStore]:
    made = FileStore(media_root)
    made.create()
    yield made
    io_loop.run_sync(made.close)


@pytest.fixture
def housekeeping(
    database: Database, media_store: FileStore, clock: FakeClock
) -> Iterator[Housekeeping]:
    built = housekeeping_of(database, media_store, media_store.root.parent, clock)
    built.tree_use.share()
    yield built
    built.tree_use.let_go()


@pytest.fixture
def cleanup(housekeeping: Housekeeping) -> Cleanup:
    return housekeeping.cleanup
