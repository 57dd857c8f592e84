"""What strangers, and whoever has the password, may try by FTP."""

from __future__ import annotations

import ftplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from photobooth_daemon.intake.ftp_files import MOST_FOLDERS, MOST_UNFINISHED
from tests.support.ftp_server import FtpServer, ftp_server, photo, store
from tests.support.intake_process import SLOT


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FtpServer]:
    with ftp_server(tmp_path / "booth") as opened:
        yield opened


@pytest.fixture
def camera(server: FtpServer) -> ftplib.FTP:
    return server.camera()


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("../../../outside.JPG", "outside.JPG"),
        ("/../../done/x.JPG", "x.JPG"),
        ("/etc/cron.d/x.JPG", "x.JPG"),
        ("A/../../in/x.JPG", "x.JPG"),
        ("..\\..\\x.JPG", "..\\..\\x.JPG"),
        ("~root/x.JPG", "x.JPG"),
    ],
)
def test_no_path_leads_out(server: FtpServer, camera: ftplib.FTP, name: str, last: str) -> None:
    before = Path.cwd()
    store(camera, name, photo())
    assert server.arrived == [(last, photo())]
    outside = [path for path in server.folders.path.parent.rglob("*") if path.is_file()]
    assert outside == []
    for command in ("CWD ..", "CWD /../../..", "CDUP"):
        camera.sendcmd(command)
        assert camera.pwd() == "/"
    # What a camera changes to is its own, not the process's.
    assert Path.cwd() == before


def test_a_link_is_not_written_through(
    server: FtpServer, camera: ftplib.FTP, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(b"somebody's")
    (server.folders.ftp / "127.0.0.1" / "IMG.JPG").symlink_to(outside)
    (server.folders.ftp / "127.0.0.1" / "A").symlink_to(tmp_path)
    for name in ("IMG.JPG", "A/outside.jpg", "A/new.jpg"):
        with pytest.raises(ftplib.error_perm, match="550"):
            store(camera, name, photo())
    assert outside.read_bytes() == b"somebody's"
    assert not (tmp_path / "new.jpg").exists()


@pytest.mark.parametrize(
    "name", [b"a\0.jpg", b"a\nb.jpg", b"a\rb.jpg", b"\x1b[2J.jpg", b"a\x7f.jpg"]
)
def test_no_name_has_control_characters(server: FtpServer, camera: ftplib.FTP, name: bytes) -> None:
    assert camera.sock is not None
    camera.sock.sendall(b"STOR " + name + b".jpg\r\n")
    assert camera.getmultiline().startswith("501")
    assert camera.sendcmd("NOOP").startswith("200")
    assert list(server.folders.ftp.rglob("*.jpg")) == []


def test_a_name_that_no_disk_takes_is_refused_alone(server: FtpServer, camera: ftplib.FTP) -> None:
    with pytest.raises(ftplib.error_perm, match="550"):
        store(camera, "x" * 300 + ".JPG", photo())
    with pytest.raises(ftplib.error_perm, match=r"^5"):
        store(camera, "x" * 3000 + ".JPG", photo())
    server_is_well(server)


def server_is_well(server: FtpServer) -> None:
    """A camera that has done nothing wrong gets its photo through."""
    store(server.camera("127.0.0.9"), "WELL.JPG", photo(9))
    assert server.arrived[-1] == ("WELL.JPG", photo(9))


def test_data_goes_to_the_camera_and_to_nobody_else(server: FtpServer, camera: ftplib.FTP) -> None:
    with socket.create_server(("127.0.0.3", 0)) as third:
        third.settimeout(1)
        port = third.getsockname()[1]
        for command in (
            f"PORT 127,0,0,3,{port // 256},{port % 256}",
            f"EPRT |1|127.0.0.3|{port}|",
            "PORT 127,0,0,1,0,25",
        ):
            with pytest.raises((ftplib.error_perm, ftplib.error_temp)):
                camera.sendcmd(command)
        with pytest.raises(TimeoutError):
            third.accept()


def test_nobody_else_sends_in_a_cameras_place(server: FtpServer, camera: ftplib.FTP) -> None:
    host, port = camera.makepasv()
    camera.putcmd("STOR IMG.JPG")
    assert camera.getresp().startswith("150")
    with socket.create_connection((host, port), timeout=5, source_address=("127.0.0.4", 0)) as one:
        one.sendall(photo())
        assert camera.getmultiline().startswith("425")
    assert server.arrived == []


def test_the_server_names_no_file_itself(camera: ftplib.FTP) -> None:
    with pytest.raises(ftplib.error_perm, match="502"):
        camera.sendcmd("STOU")


def test_folders_without_end(server: FtpServer, camera: ftplib.FTP) -> None:
    with pytest.raises(ftplib.error_perm, match="Too deep"):
        camera.mkd("/" + "/".join("abcdefghijk"))
    for number in range(MOST_FOLDERS):
        camera.mkd(f"/{number}")
    with pytest.raises(ftplib.error_perm, match="Too many folders"):
        camera.mkd("/one-more")
    store(camera, "/7/IMG.JPG", photo())
    server_is_well(server)


def test_uploads_without_end(server: FtpServer, camera: ftplib.FTP) -> None:
    left = server.folders.ftp / "127.0.0.1"
    for number in range(MOST_UNFINISHED):
        (left / f"{number}.tmp").write_bytes(b"x")
    with pytest.raises(ftplib.error_temp, match="452 Too many unfinished"):
        store(camera, "one-more.tmp", b"x")
    # What goes on with one that is there is no new one.
    store(camera, "7.tmp", photo())
    camera.rename("7.tmp", "7.JPG")
    server_is_well(server)


def test_two_hundred_logins_at_once(server: FtpServer) -> None:
    guessing = []
    try:
        for number in range(200):
            guesser = server.raw(f"127.0.1.{number % 4 + 1}")
            guesser.sendall(f"USER {SLOT}\r\nPASS guess {number}\r\n".encode())
            guessing.append(guesser)
        server_is_well(server)
        greetings = [guesser.recv(3) for guesser in guessing]
        assert greetings.count(b"220") == 4 * 16
        assert greetings.count(b"421") == 200 - 4 * 16
    finally:
        for guesser in guessing:
            guesser.close()
    server_is_well(server)


def test_who_leaves_while_his_password_waits_leaves_nothing(server: FtpServer) -> None:
    for _ in range(3):
        with server.raw("127.0.0.5") as guesser:
            guesser.sendall(f"USER {SLOT}\r\nPASS guess\r\nPASS guess\r\nPASS guess\r\n".encode())
            guesser.recv(100)
    server_is_well(server)


def test_a_line_without_end(server: FtpServer) -> None:
    with server.raw() as stranger:
        stranger.recv(100)
        stranger.sendall(b"USER " + b"x" * 1_000_000)
        assert stranger.recv(100).startswith(b"500")
    server_is_well(server)
