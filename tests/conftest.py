"""A real PostgreSQL for every test that wants one, and the other things that tests share.

One server a session, started by the same launcher as the quick start's; one
database a test, copied from a template that the migrations have been applied to.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest
from tornado.ioloop import IOLoop

from photobooth_daemon.app import installation
from photobooth_daemon.child_process import stop
from photobooth_daemon.clock import Clock
from photobooth_daemon.database import migrations
from photobooth_daemon.database.binaries import (
    PostgresBinaries,
    find_binaries,
    installed_binaries,
    wheel_binaries,
)
from photobooth_daemon.database.embedded import EmbeddedPostgres
from photobooth_daemon.database.pool import Database
from tests.support.booth import Booth
from tests.support.chromium import ARGUMENTS, find_chromium
from tests.support.clusters import cluster_in, copy_cluster, open_directory
from tests.support.databases import Databases
from tests.support.fake_bucket import FakeBucket
from tests.support.fakes import FakeClock
from tests.support.object_store import ObjectStore, start_object_store
from tests.support.office import Office
from tests.support.postgres_pair import PostgresPair, open_pair
from tests.support.ui_house import House, open_house

pytest_plugins = ["tests.support.options"]
TEMPLATE = "photobooth_template"
# These start daemons, kill them and wait; the others compute.
WAITING = (
    "tests/faults/",
    "tests/intake/",
    "tests/rehearsal/test_quickstart",
    "tests/process/",
    "tests/ingest/test_story",
    "tests/web/test_ingest_guessing",
)
LAST_TO_WAIT = 0.8
"""The share of all files after which none of those comes any more."""


def pytest_configure(config: pytest.Config) -> None:
    """Let files be handed out in our order: xdist's own puts those with few tests last."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the processes that share the tests share what takes each of them seconds to make."""
    config = node.config
    if not hasattr(config, "shared_directory"):
        shared = ExitStack()
        config.shared_directory = shared.enter_context(open_directory())
        config.add_cleanup(shared.close)
    node.workerinput["shared_directory"] = str(config.shared_directory)


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Collect without looking for garbage: next to nothing of it becomes any."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, but not among what is there until the end."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread what waits for processes over the run, and end with what is short.

    While one file waits another one computes; a run that had all of the one kind before all of
    the other would be idle first, and late afterwards.
    """
    files = dict.fromkeys(_file_of(item) for item in items)
    waiting = [name for name in files if name.startswith(WAITING)]
    computing = [name for name in files if name not in waiting]
    places = {name: place * LAST_TO_WAIT / len(waiting) for place, name in enumerate(waiting)}
    places |= {name: place / len(computing) for place, name in enumerate(computing)}
    items.sort(key=lambda item: places[_file_of(item)])


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


@pytest.fixture(scope="session")
def postgres_binaries(request: pytest.FixtureRequest) -> PostgresBinaries:
    """The PostgreSQL that was asked for; the launcher's own choice where none was."""
    wanted = request.config.getoption("--postgres")
    if wanted == "any":
        return find_binaries()
    found = installed_binaries() if wanted == "installed" else wheel_binaries()
    if not found:
        pytest.exit(f"--postgres={wanted}: there is none on this machine", returncode=4)
    return found[0]


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, postgres_binaries: PostgresBinaries) -> Iterator[Path]:
    """The data of a migrated server that does not run, to be copied."""
    shared = getattr(request.config, "workerinput", {}).get("shared_directory")
    with nullcontext(Path(shared)) if shared else open_directory() as directory:
        yield cluster_in(directory, postgres_binaries, _migrate)


@pytest.fixture(scope="session")
def postgres(postgres_binaries: PostgresBinaries, cluster: Path) -> Iterator[EmbeddedPostgres]:
    """The session's server, with the template database."""
    with open_directory() as directory:
        copy_cluster(cluster, directory)
        with EmbeddedPostgres(directory, binaries=postgres_binaries, durable=False) as server:
            create = f"CREATE DATABASE {TEMPLATE} TEMPLATE photobooth"
            server.execute(create, database="postgres")
            yield server


@pytest.fixture(scope="session")
def databases(
    postgres: EmbeddedPostgres, postgres_binaries: PostgresBinaries
) -> Iterator[Databases]:
    """The session's databases, each lent to one test at a time."""
    made = Databases(postgres, postgres_binaries.major, TEMPLATE)
    yield made
    made.close()


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """A database of this test alone, without a schema."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database of this test alone, migrated and seeded."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
def database(io_loop: IOLoop, database_url: str) -> Iterator[Database]:
    """A pool on the test's own database and loop."""
    opened: Database = io_loop.run_sync(lambda: Database.open(database_url, max_size=4))
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture(autouse=True)
def loop_of_async_tests(request: pytest.FixtureRequest) -> None:
    """A loop of its own for every async test: ``asyncio.run`` in an earlier one leaves none."""
    if asyncio.iscoroutinefunction(request.function):
        request.getfixturevalue("io_loop")


@pytest.fixture
def clock() -> FakeClock:
    """A clock that the test turns."""
    return FakeClock()


@pytest.fixture
def booth(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Booth]:
    """A whole daemon on a port with one slot on a fake provider, for tests of photos."""
    opened: Booth = io_loop.run_sync(lambda: Booth.open(database, tmp_path))
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture
def office(io_loop: IOLoop, database: Database, tmp_path: Path) -> Iterator[Office]:
    """A whole daemon on a port, for tests of what administrators call."""
    opened: Office = io_loop.run_sync(lambda: Office.open(database, tmp_path))
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture
def still_office(
    io_loop: IOLoop, database: Database, tmp_path: Path, clock: FakeClock
) -> Iterator[Office]:
    """The same by the test's own clock, which stands until it is turned."""
    opened: Office = io_loop.run_sync(lambda: Office.open(database, tmp_path, clock))
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture
def media_root(tmp_path: Path) -> Path:
    """An empty directory for the media tree."""
    root = tmp_path / "media"
    root.mkdir(mode=0o750)
    return root


@pytest.fixture
def own_postgres(postgres_binaries: PostgresBinaries, cluster: Path) -> Iterator[EmbeddedPostgres]:
    """A migrated server of this test alone, to be stopped and killed."""
    with open_directory() as directory:
        copy_cluster(cluster, directory)
        server = EmbeddedPostgres(directory, binaries=postgres_binaries, durable=False)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def postgres_pair(postgres_binaries: PostgresBinaries, cluster: Path) -> Iterator[PostgresPair]:
    """A migrated primary and its synchronous standby, of this test alone."""
    with open_directory() as directory, open_pair(directory, postgres_binaries, cluster) as pair:
        yield pair


def _migrate(url: str) -> None:
    async def run() -> None:
        database = await Database.open(url, max_size=1)
        try:
            await migrations.migrate(database, Clock())
        finally:
            await database.close()

    # In a thread: asyncio.run would leave an async test without its loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A real S3-compatible object store; each test makes a bucket of its own in it."""
    process, store = start_object_store(tmp_path_factory.mktemp("swift"))
    yield store
    stop(process, (signal.SIGTERM, 5.0))


@pytest.fixture
def fake_bucket(io_loop: IOLoop) -> Iterator[FakeBucket]:
    """A bucket that misbehaves as it is told; without its client's library there is none."""
    pytest.importorskip("botocore")
    opened = FakeBucket()
    io_loop.run_sync(opened.open)
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's Chromium; without one its tests are skipped by name, but not in CI."""
    if importlib.util.find_spec("playwright") is None:
        _no_browser("playwright is not installed: pip install '.[browser]'")
    why = "there is no chromium: apt install chromium-headless-shell"
    return find_chromium() or _no_browser(why)


def _of_browser(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    """While a browser is open its own event loop runs, and no test can run another."""
    return "session" if config.option.markexpr == "browser" else "module"


@pytest.fixture(scope=_of_browser)
def browser(chromium: str) -> Iterator[Any]:
    """One for all of the browser's tests; one a module where there are others, too."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def house(
    chromium: str, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A furnished daemon for the browser's tests; a test that changes a slot has its own slot."""
    with open_house(tmp_path_factory.mktemp("house"), postgres, TEMPLATE) as opened:
        yield opened


def _no_browser(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def callers_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that a command reaches until it gives up root, and not by its name any more."""
    directory = tmp_path / "of-the-caller"
    directory.mkdir()

    def give_up_root(_: Path | None) -> None:
        if directory.exists():
            directory.rename(tmp_path / "out-of-reach")

    monkeypatch.setattr(installation, "become_service_user", give_up_root)
    return directory
