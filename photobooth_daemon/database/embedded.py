"""A private PostgreSQL for the quick start and the tests, gone with its parent."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import signal
import subprocess
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar
from urllib.parse import quote

import asyncpg

from photobooth_daemon.child_process import start_tied, stop
from photobooth_daemon.database.binaries import (
    EmbeddedPostgresError,
    PostgresBinaries,
    find_binaries,
)
from photobooth_daemon.database.embedded_data import end_orphan, major_of, socket_dir_of
from photobooth_daemon.database.embedded_home import PostgresHome, can_run, find_home

ROLE = "photobooth"
START_SECONDS = 60.0
POLL_SECONDS = 0.02

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "32MB",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# Commits stay synchronous: the kernel's cache keeps them through the server's own kill -9.
VOLATILE = {"fsync": "off", "full_page_writes": "off"}

T = TypeVar("T")


@contextmanager
def database_at(url: str, state_dir: Path) -> Iterator[str]:
    """Give the URL to connect to while the block runs: ``embedded`` is started for it.

    Where another process already runs the server of this state directory, that one is used.

    Raises:
        EmbeddedPostgresError: it was asked for and cannot run.
    """
    if url != "embedded":
        yield url
        return
    with EmbeddedPostgres(state_dir / "postgres") as server:
        yield server.url


class EmbeddedPostgres:
    """One PostgreSQL server, its data in ``directory``.

    It ends with the process that started it, even by ``kill -9``, and starts
    again on the same data afterwards. A second process that starts it meanwhile
    shares the first one's server. With ``durable=False`` a power cut may lose
    data, and everything is faster: for tests.
    """

    def __init__(
        self,
        directory: Path,
        *,
        binaries: PostgresBinaries | None = None,
        database: str = "photobooth",
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = directory.absolute()
        self._binaries = binaries
        self._database = database
        self._settings = {**SETTINGS, **({} if durable else VOLATILE), **(settings or {})}
        self._durable = durable
        self._lock: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None

    @property
    def url(self) -> str:
        """The address for asyncpg.

        Raises:
            EmbeddedPostgresError: it has not been started.
        """
        return self.url_of(self._database)

    @property
    def pid(self) -> int | None:
        """The server's process id, where this process started it."""
        return self._process.pid if self._process else None

    def url_of(self, database: str) -> str:
        """Return the address of another database of the same server.

        Raises:
            EmbeddedPostgresError: it has not been started.
        """
        if self._socket_dir is None:
            raise EmbeddedPostgresError("The private PostgreSQL has not been started.")
        host = quote(str(self._socket_dir), safe="")
        return f"postgresql://{ROLE}@/{quote(database, safe='')}?host={host}&port=5432"

    def start(self) -> str:
        """Start the server, or join the one that runs, and return its URL once it answers.

        Must be called by the main thread.

        Raises:
            EmbeddedPostgresError: no PostgreSQL is installed, or it does not
                start; the text says what to do or what it printed.
        """
        deadline = time.monotonic() + START_SECONDS
        try:
            home = find_home(self._directory)
            if self._take_lock():
                self._start_own(home, deadline)
            else:
                self._join(home, deadline)
        except OSError as error:
            self.stop()
            raise EmbeddedPostgresError(f"Cannot use {self._directory}: {error}.") from error
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """End the server if this process started it; connections are cut, nothing is lost."""
        if self._process is not None:
            stop(self._process, (signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))
            self._process = None
        self._socket_dir = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def execute(self, *statements: str, database: str | None = None) -> None:
        """Run statements, each on its own, whether or not a loop runs in this thread."""

        async def run() -> None:
            connection = await asyncpg.connect(self.url_of(database or self._database))
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        _in_a_thread(run())

    def _take_lock(self) -> bool:
        """Hold the directory for as long as this process lives; the kernel lets go of it."""
        lock = (self._directory / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _join(self, home: PostgresHome, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._take_lock():  # its owner has ended meanwhile
                self._start_own(home, deadline)
                return
            self._socket_dir = socket_dir_of(home.data_dir)
            if self._socket_dir is not None and self._answers():
                return
            time.sleep(POLL_SECONDS)
        raise EmbeddedPostgresError(
            f"Another process holds {self._directory}, and its PostgreSQL does not answer."
        )

    def _start_own(self, home: PostgresHome, deadline: float) -> None:
        binaries = self._binaries or find_binaries(major_of(home.data_dir))
        if home.run_as is not None and not can_run(binaries.bin_dir / "postgres", home.run_as):
            binaries = binaries.copied_below(home.binaries_dir)
        end_orphan(home.data_dir)
        with _open_log(home.log_path) as log:
            if major_of(home.data_dir) is None:
                self._initialise(home, binaries, log)
            socket_dir = home.make_socket_dir()
            while not self._comes_up(home, binaries, socket_dir, log, deadline):
                time.sleep(0.2)
        self._create_database()

    def _initialise(self, home: PostgresHome, binaries: PostgresBinaries, log: IO[bytes]) -> None:
        unfinished = home.data_dir.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        home.make_private(unfinished)
        command: list[str | Path] = [binaries.bin_dir / "initdb", "--pgdata", unfinished]
        command += [f"--username={ROLE}", "--encoding=UTF8", "--no-locale", "--auth=trust"]
        if not self._durable:
            command.append("--no-sync")
        process = start_tied(
            command,
            death_signal=signal.SIGKILL,
            run_as=home.run_as,
            env=_environment(),
            cwd=Path("/"),
            stdout=log,
            stderr=log,
        )
        if process.wait() != 0:
            raise EmbeddedPostgresError(f"initdb failed; it printed:\n{_tail(home.log_path)}")
        unfinished.rename(home.data_dir)

    def _comes_up(
        self,
        home: PostgresHome,
        binaries: PostgresBinaries,
        socket_dir: Path,
        log: IO[bytes],
        deadline: float,
    ) -> bool:
        """Start the server; False where only what a killed one left behind is in the way yet."""
        printed_before = log.tell()
        options = {**self._settings, "unix_socket_directories": str(socket_dir)}
        self._socket_dir = socket_dir
        self._process = start_tied(
            [
                *(binaries.bin_dir / "postgres", "-D", home.data_dir),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            # Immediate shutdown: it needs no client to agree, and the next start replays the log.
            death_signal=signal.SIGQUIT,
            run_as=home.run_as,
            env=_environment(),
            cwd=Path("/"),
            stdout=log,
            stderr=log,
        )
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                printed = home.log_path.read_bytes()[printed_before:]
                if b"shared memory block" in printed and b"still in use" in printed:
                    return False
                break
            if self._answers():
                return True
            time.sleep(POLL_SECONDS)
        raise EmbeddedPostgresError(
            f"PostgreSQL did not start; it printed:\n{_tail(home.log_path)}"
        )

    def _answers(self) -> bool:
        async def ask() -> bool:
            try:
                connection = await asyncpg.connect(self.url_of("postgres"), timeout=5)
            except (TimeoutError, OSError, asyncpg.PostgresError):
                return False
            await connection.close()
            return True

        return _in_a_thread(ask())

    def _create_database(self) -> None:
        try:
            self.execute(f'CREATE DATABASE "{self._database}"', database="postgres")
        except asyncpg.DuplicateDatabaseError:
            return


def _in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}


def _open_log(path: Path) -> IO[bytes]:
    log = path.open("ab")
    if log.tell() > 1_000_000:
        log.truncate(0)
    return log


def _tail(path: Path) -> str:
    return "\n".join(path.read_text("utf-8", "replace").splitlines()[-15:])
