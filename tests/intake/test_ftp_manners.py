"""What cameras do on a long evening over a bad Wi-Fi, and what they hear when there is no room."""

from __future__ import annotations

import errno
import ftplib
import os
import shutil
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemons import until
from tests.support.ftp_server import (
    MAX_FILE_BYTES,
    FtpServer,
    ftp_server,
    large_photo,
    photo,
    store,
)

KEEPALIVE = "02"
ESTABLISHED = "01"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FtpServer]:
    """One that lets nobody stay for longer than a second without a login."""
    monkeypatch.setattr("photobooth_daemon.intake.ftp.LOGIN_SECONDS", 1)
    with ftp_server(tmp_path) as opened:
        yield opened


def test_a_connection_stays_open_between_photos(server: FtpServer) -> None:
    camera = server.camera()
    store(camera, "IMG_1.JPG", photo(1))
    # Longer than somebody may stay who has not logged in.
    signal.sigtimedwait([], 2.5)
    assert camera.sendcmd("NOOP").startswith("200")
    store(camera, "IMG_2.JPG", photo(2))
    assert server.arrived == [("IMG_1.JPG", photo(1)), ("IMG_2.JPG", photo(2))]


def test_who_does_not_log_in_is_let_go(server: FtpServer) -> None:
    with server.raw() as stranger:
        assert stranger.recv(100).startswith(b"220")
        assert stranger.recv(100).startswith(b"421")
        assert stranger.recv(100) == b""


def test_whether_a_quiet_camera_is_still_there_is_asked(server: FtpServer) -> None:
    camera = server.camera()
    assert camera.sock is not None
    peer = camera.sock.getsockname()[1]

    def timer() -> str:
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        (found,) = [
            line[5].partition(":")[0]
            for line in lines
            if line[1].endswith(f":{server.port:04X}")
            and line[2].endswith(f":{peer:04X}")
            and line[3] == ESTABLISHED
        ]
        return found

    until(lambda: timer() == KEEPALIVE)


def test_two_cameras_with_photos_of_one_name(server: FtpServer) -> None:
    first, second = server.camera(), server.camera("127.0.0.2")
    photos = {"127.0.0.1": large_photo(), "127.0.0.2": photo(2)}
    with first.transfercmd("STOR IMG_1.JPG") as slow:
        slow.sendall(photos["127.0.0.1"][:100_000])
        store(second, "IMG_1.JPG", photos["127.0.0.2"])
        slow.sendall(photos["127.0.0.1"][100_000:])
    assert first.voidresp().startswith("226")
    assert {data for _, data in server.arrived} == set(photos.values())


def test_a_camera_begins_anew_while_its_old_connection_hangs(server: FtpServer) -> None:
    data = large_photo()
    old = server.camera()
    with old.transfercmd("STOR IMG_1.JPG") as hanging:
        hanging.sendall(data[:100_000])
        store(server.camera(), "IMG_1.JPG", data)
        with pytest.raises(ftplib.error_temp, match="426"):
            old.voidresp()
    assert server.arrived == [("IMG_1.JPG", data)]


def test_a_camera_whose_data_connection_broke_is_not_told_that_all_is_well(
    server: FtpServer,
) -> None:
    data = large_photo()
    camera = server.camera()
    sending = camera.transfercmd("STOR IMG_1.JPG")
    sending.sendall(data[:100_000])
    until(lambda: [path for path in server.folders.ftp.rglob("*.JPG") if path.stat().st_size])
    sending.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sending.close()
    with pytest.raises(ftplib.error_temp, match="426 The connection broke"):
        camera.voidresp()
    assert server.arrived == []
    store(camera, "IMG_1.JPG", data)
    assert server.arrived == [("IMG_1.JPG", data)]


def test_its_folder_may_have_been_tidied_away(server: FtpServer) -> None:
    camera = server.camera()
    camera.mkd("/A")
    camera.cwd("/A")
    shutil.rmtree(server.folders.ftp / "127.0.0.1")
    store(camera, "IMG_1.JPG", photo())
    assert server.arrived == [("IMG_1.JPG", photo())]


def test_a_photo_is_no_text_whatever_type_was_said(server: FtpServer) -> None:
    data = photo() + b"\r\n a trailer \r\n\xff\xd9"
    camera = server.camera()
    with camera.transfercmd("STOR IMG_1.JPG") as sending:  # TYPE was not said: it is A
        sending.sendall(data)
    camera.voidresp()
    assert server.arrived == [("IMG_1.JPG", data)]


def test_a_photo_may_be_filled_up_with_zeros(server: FtpServer) -> None:
    data = photo() + bytes(32 * 1024)
    store(server.camera(), "IMG_1.JPG", data)
    assert server.arrived == [("IMG_1.JPG", data)]


def test_a_raw_file_has_the_size_that_was_sent(server: FtpServer) -> None:
    camera = server.camera()
    store(camera, "IMG_1.CR3", b"raw" * 1000)
    assert camera.size("IMG_1.CR3") == 3000
    assert server.folders.ftp.joinpath("127.0.0.1").exists()
    assert not list(server.folders.ftp.rglob("*.CR3"))


def test_a_file_that_is_too_large_is_refused_in_words(server: FtpServer) -> None:
    camera = server.camera()
    with pytest.raises(ftplib.error_perm, match="552 The file is larger"):
        store(camera, "FILM.JPG", photo() + bytes(MAX_FILE_BYTES))
    assert list(server.folders.ftp.rglob("*.JPG")) == []
    store(camera, "IMG_1.JPG", photo())
    assert server.arrived == [("IMG_1.JPG", photo())]


def test_a_photo_that_cannot_be_handed_on_is_told_of(server: FtpServer) -> None:
    camera = server.camera()
    server.fault = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(ftplib.error_temp, match="452 The disk is full"):
        store(camera, "IMG_1.JPG", photo())
    server.fault = OSError(errno.EIO, os.strerror(errno.EIO))
    with pytest.raises(ftplib.error_temp, match="451 Input/output error"):
        store(camera, "IMG_1.JPG", photo())
    store(camera, "IMG_1.JPG", photo())
    assert server.arrived == [("IMG_1.JPG", photo())]


def test_a_full_disk_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with ftp_server(tmp_path, min_free_bytes=1 << 60) as server:
        camera = server.camera()
        with pytest.raises(ftplib.error_temp, match="452 The disk is full"):
            camera.transfercmd("STOR IMG_1.JPG")
        assert camera.sendcmd("NOOP").startswith("200")
        assert list(server.folders.ftp.rglob("*.JPG")) == []


def test_a_folder_that_has_vanished_is_told_of(server: FtpServer) -> None:
    camera = server.camera()
    shutil.rmtree(server.folders.ftp)
    with pytest.raises(ftplib.error_temp, match="451 The folder is not there"):
        store(camera, "IMG_1.JPG", photo())
    server.folders.create()
    store(camera, "IMG_1.JPG", photo())
    assert server.arrived == [("IMG_1.JPG", photo())]
