"""The private PostgreSQL: what the quick start and every other test stand on."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from photobooth_daemon.child_process import RunAs
from photobooth_daemon.database import binaries as postgres_binaries
from photobooth_daemon.database import embedded_home as postgres_home
from photobooth_daemon.database.binaries import (
    EmbeddedPostgresError,
    PostgresBinaries,
    find_binaries,
    wheel_binaries,
)
from photobooth_daemon.database.embedded import EmbeddedPostgres, database_at
from photobooth_daemon.database.pool import Database
from tests.support.clusters import copy_cluster, open_directory

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a user to change to")

OWNER = """
import sys, time
from pathlib import Path
from photobooth_daemon.database.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
server.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS value")
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A directory that every user can pass through; pytest's own are closed."""
    with open_directory() as directory:
        yield directory


@pytest.fixture
def made(open_dir: Path, cluster: Path) -> Path:
    """A place where a server has been before: ``initdb`` has nothing to do any more."""
    directory = open_dir / "pg"
    directory.mkdir(mode=0o711)
    copy_cluster(cluster, directory)
    return directory


@pytest.fixture
def make_server(
    postgres_binaries: PostgresBinaries | None,
) -> Iterator[Callable[..., EmbeddedPostgres]]:
    """Makes servers that are stopped after the test."""
    servers = []

    def make(directory: Path, **more: object) -> EmbeddedPostgres:
        options = {"binaries": postgres_binaries, "durable": False, **more}
        servers.append(EmbeddedPostgres(directory, **options))  # type: ignore[arg-type]
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def owner(made: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Another process that runs a server in ``made``, and the server's id."""
    process = subprocess.Popen([sys.executable, "-c", OWNER, made], stdout=subprocess.PIPE)
    assert process.stdout is not None
    server_pid = int(process.stdout.readline())
    yield process, server_pid
    process.kill()
    process.wait()
    process.stdout.close()
    assert gone_within(server_pid, 10)


def fetch(server: EmbeddedPostgres, query: str) -> object:
    """Ask the server one thing."""
    import asyncio

    async def ask() -> object:
        connection = await asyncpg.connect(server.url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def gone_within(pid: int, seconds: float) -> bool:
    """Wait for a process that is nobody's child of ours to end."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


async def test_a_test_gets_a_seeded_database_of_its_own(database: Database) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM slot") == 15


def test_it_listens_on_a_private_socket_only_and_root_runs_it_as_another_user(
    open_dir: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = make_server(open_dir / "pg")
    server.start()
    assert fetch(server, "SHOW listen_addresses") == ""
    assert (open_dir / "pg/run").stat().st_mode & 0o077 == 0
    data = (open_dir / "pg/data").stat()
    assert data.st_mode & 0o077 == 0
    user = postgres_home.server_user()
    owner = os.geteuid() if user is None else user.uid
    assert data.st_uid == Path(f"/proc/{server.pid}").stat().st_uid == owner != 0


@root_only
def test_where_that_user_cannot_enter_the_data_lives_under_var_tmp(
    tmp_path: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    modes = [parent.stat().st_mode for parent in (closed, *closed.parents)]

    server = make_server(closed / "pg")
    server.start()
    elsewhere = Path((closed / "pg/location").read_text())
    assert elsewhere.parent == Path("/var/tmp")
    server.execute("CREATE TABLE kept AS SELECT 42 AS value")
    server.stop()

    again = make_server(closed / "pg")
    again.start()
    assert fetch(again, "SELECT value FROM kept") == 42
    again.stop()
    assert modes == [parent.stat().st_mode for parent in (closed, *closed.parents)]

    # Once the state directory is gone, the next such start takes its data away.
    shutil.rmtree(closed / "pg")
    other = make_server(closed / "other")
    other.start()
    assert not elsewhere.exists()
    other.stop()
    shutil.rmtree(Path((closed / "other/location").read_text()))


@root_only
@pytest.mark.skipif(not wheel_binaries(), reason="the wheel is not installed")
def test_binaries_of_a_wheel_that_user_cannot_reach_are_copied(
    open_dir: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    wheel = wheel_binaries()[0]
    assert wheel.moves_from is not None
    closed = open_dir / "closed"
    closed.mkdir(mode=0o700)
    for part in wheel.moves_with:
        shutil.copytree(wheel.moves_from / part, closed / part, symlinks=True)
    unreachable = PostgresBinaries(
        closed / wheel.bin_dir.relative_to(wheel.moves_from), wheel.major, closed, wheel.moves_with
    )

    server = make_server(open_dir / "pg", binaries=unreachable)
    server.start()
    assert fetch(server, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


@root_only
def test_a_plain_user_runs_it_as_themselves(open_dir: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    as_nobody = RunAs("nobody", nobody.pw_uid, nobody.pw_gid)
    if not postgres_home.can_run(Path(sys.executable), as_nobody):
        pytest.skip("nobody cannot reach this Python")
    mine = open_dir / "nobody"
    mine.mkdir()
    os.chown(mine, nobody.pw_uid, nobody.pw_gid)
    script = OWNER.replace("time.sleep(600)", "server.stop()")
    ran = subprocess.run(
        [sys.executable, "-c", script, mine / "pg"],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert (mine / "pg/data").stat().st_uid == nobody.pw_uid


def test_it_is_gone_when_its_parent_is_killed_and_starts_again_on_the_same_data(
    made: Path,
    owner: tuple[subprocess.Popen[bytes], int],
    make_server: Callable[..., EmbeddedPostgres],
) -> None:
    process, server_pid = owner
    process.send_signal(signal.SIGKILL)
    process.wait()
    server = make_server(made, binaries=None)
    server.start()  # at once: what the killed one left is still ending
    assert gone_within(server_pid, 1)
    assert fetch(server, "SELECT value FROM kept") == 42


def test_a_server_that_was_killed_leaves_nothing_in_the_way(
    made: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = make_server(made)
    server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    server.start()
    assert fetch(server, "SELECT 1") == 1


def test_a_second_process_shares_the_server_and_does_not_end_it(
    made: Path,
    owner: tuple[subprocess.Popen[bytes], int],
    make_server: Callable[..., EmbeddedPostgres],
) -> None:
    process, server_pid = owner
    guest = make_server(made, binaries=None)
    guest.start()
    assert guest.pid is None
    assert fetch(guest, "SELECT value FROM kept") == 42
    guest.stop()
    assert process.poll() is None
    assert Path(f"/proc/{server_pid}").exists()


def test_a_process_id_that_was_given_away_again_is_not_taken_for_the_server(
    made: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = make_server(made)
    server.start()
    server.stop()
    user = postgres_home.server_user()
    stranger = subprocess.Popen(
        ["/bin/sleep", "600"],
        user=user.uid if user else None,
        group=user.gid if user else None,
    )
    try:
        claim = made / "data/postmaster.pid"
        claim.write_text(f"{stranger.pid}\n{made}/data\n1\n5432\n\n\n\n")
        server.start()
        assert fetch(server, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_path_too_long_for_a_socket_is_no_obstacle(
    open_dir: Path, made: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    deep = open_dir / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    made.rename(deep / "pg")
    server = make_server(deep / "pg")
    server.start()
    assert fetch(server, "SELECT 1") == 1
    sockets = Path((deep / "pg/socket_directory").read_text())
    assert len(os.fsencode(sockets / postgres_home.SOCKET_NAME)) <= 107
    server.stop()
    shutil.rmtree(sockets)


def test_embedded_is_a_url_like_any_other(made: Path) -> None:
    state_dir = made.parent
    made.rename(state_dir / "postgres")
    with database_at("postgresql:///elsewhere", state_dir) as url:
        assert url == "postgresql:///elsewhere"
    with database_at("embedded", state_dir) as url:
        assert url.startswith("postgresql://photobooth@/photobooth?host=")


def test_no_postgresql_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "installed_binaries", list)
    monkeypatch.setattr(postgres_binaries, "wheel_binaries", list)
    with pytest.raises(EmbeddedPostgresError, match=r"apt-get install postgresql.*pip install"):
        find_binaries()


def test_data_of_a_postgresql_that_is_not_there_says_which(
    open_dir: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    (open_dir / "pg/data").mkdir(parents=True)
    (open_dir / "pg/data/PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 12"):
        make_server(open_dir / "pg", binaries=None).start()


def test_a_server_that_refuses_to_start_says_what_it_printed(
    made: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = make_server(made, settings={"no_such_setting": "1"})
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        server.start()


def test_another_thread_may_not_start_it(
    open_dir: Path, make_server: Callable[..., EmbeddedPostgres]
) -> None:
    seen: list[BaseException] = []

    def start() -> None:
        try:
            make_server(open_dir / "pg").start()
        except RuntimeError as error:
            seen.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(seen[0])
