"""Cameras that send by FTP, with their oddities; a real client library, a real server."""

from __future__ import annotations

import ftplib
import io
import socket
import ssl
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.intake.folders import SlotFolders
from tests.support.certificates import make_certificate
from tests.support.daemons import until
from tests.support.fake_ingest import FakeIngest
from tests.support.intake_process import PASSWORD, SLOT, IntakeProcess
from tests.support.sample_pictures import corners, jpeg


def photo(number: int = 0) -> bytes:
    """Return a photo unlike those of other numbers."""
    return jpeg(corners(40 + number, 30))


def connect(intake: IntakeProcess, user: str = SLOT, password: str = PASSWORD) -> ftplib.FTP:
    """Log in as a camera does."""
    camera = ftplib.FTP(timeout=20, encoding="latin-1")
    camera.connect("127.0.0.1", intake.ftp_port)
    camera.login(user, password)
    return camera


def last_fates(intake: IntakeProcess) -> list[dict[str, Any]]:
    """Return what the intake says of the slot's last photos."""
    status = intake.status()
    assert status is not None
    return list(status["slots"][0]["last"])


@pytest.fixture
def camera(intake: IntakeProcess) -> Iterator[ftplib.FTP]:
    """A camera that is logged in as the first slot's."""
    opened = connect(intake)
    yield opened
    opened.close()


def store(camera: ftplib.FTP, name: str, data: bytes) -> None:
    """Send a file."""
    camera.storbinary(f"STOR {name}", io.BytesIO(data))


@pytest.mark.parametrize("passive", [True, False])
def test_a_photo_comes_back(
    intake: IntakeProcess, ingest: FakeIngest, camera: ftplib.FTP, passive: bool
) -> None:
    camera.set_pasv(passive)
    store(camera, "DSC_0001.JPG", photo())
    until(lambda: intake.files("out") == ["DSC_0001.jpg"], seconds=5)
    (posted,) = ingest.posted
    assert (posted.slot, posted.sha256) == (SLOT, sha256(photo()).hexdigest())
    until(lambda: intake.files("done") == ["DSC_0001.JPG"])
    assert intake.files(".ftp") == []
    until(lambda: last_fates(intake))
    assert last_fates(intake)[0]["source"] == "ftp"


@pytest.mark.parametrize("user", ["slot-002", "s2"])
def test_each_slot_has_its_user(intake: IntakeProcess, ingest: FakeIngest, user: str) -> None:
    camera = connect(intake, user)
    store(camera, "A.JPG", photo())
    until(lambda: intake.files("out", "slot-002") == ["A.jpg"])
    assert [posted.slot for posted in ingest.posted] == ["slot-002"]


def test_what_cameras_say_before_and_after(intake: IntakeProcess, camera: ftplib.FTP) -> None:
    assert "UNIX" in camera.sendcmd("SYST")
    assert camera.pwd() == "/"
    assert camera.sendcmd("TYPE I").startswith("200")
    for folder in ("A", "A/DCIM", "A/DCIM/100EOS"):
        assert camera.mkd(f"/{folder}")
    assert camera.mkd("/A/DCIM/100EOS"), "a folder that is there already is no fault"
    camera.cwd("/A/DCIM/100EOS")
    with pytest.raises(ftplib.error_perm):
        camera.size("IMG_1.JPG")
    assert camera.nlst() == []
    assert list(camera.mlsd()) == []
    store(camera, "IMG_1.JPG", photo())
    # It is on its way already, and a camera that asks hears that it is whole.
    assert camera.size("IMG_1.JPG") == len(photo())
    assert camera.sendcmd("NOOP").startswith("200")
    assert camera.nlst() == []
    until(lambda: intake.files("out") == ["IMG_1.jpg"])


def test_upload_under_a_temporary_name(intake: IntakeProcess, camera: ftplib.FTP) -> None:
    store(camera, "IMG_1.tmp", photo())
    camera.voidcmd("NOOP")
    assert intake.files("in") == []
    camera.rename("IMG_1.tmp", "IMG_1.JPG")
    until(lambda: intake.files("out") == ["IMG_1.jpg"])


def test_resuming_with_rest_and_with_appe(
    intake: IntakeProcess, ingest: FakeIngest, camera: ftplib.FTP
) -> None:
    data = photo()
    half = len(data) // 2
    store(camera, "IMG_1.JPG", data[:half])
    assert camera.size("IMG_1.JPG") == half
    camera.storbinary("STOR IMG_1.JPG", io.BytesIO(data[half:]), rest=half)
    until(lambda: intake.files("out") == ["IMG_1.jpg"])
    store(camera, "IMG_2.JPG", data[:half])
    camera.storbinary("APPE IMG_2.JPG", io.BytesIO(data[half:]))
    until(lambda: len(intake.files("out")) == 2)
    assert {posted.sha256 for posted in ingest.posted} == {sha256(data).hexdigest()}


def test_abor_half_way_and_the_file_anew(
    intake: IntakeProcess, ingest: FakeIngest, camera: ftplib.FTP
) -> None:
    data = photo()
    channel = camera.transfercmd("STOR IMG_1.JPG")
    channel.sendall(data[: len(data) // 2])
    camera.putcmd("ABOR")
    assert camera.getmultiline()[:3] in ("225", "226", "426")
    channel.close()
    camera.close()
    again = connect(intake)
    store(again, "IMG_1.JPG", data)
    until(lambda: intake.files("out") == ["IMG_1.jpg"])
    assert [posted.sha256 for posted in ingest.posted] == [sha256(data).hexdigest()]


def test_wifi_that_drops_in_the_middle(
    intake: IntakeProcess, ingest: FakeIngest, camera: ftplib.FTP
) -> None:
    channel = camera.transfercmd("STOR IMG_1.JPG")
    channel.sendall(photo()[:300])
    channel.close()
    until(lambda: "an upload was cut off" in intake.log())
    assert ingest.posted == []


def test_raw_beside_jpeg_does_not_hold_up_the_rest(
    intake: IntakeProcess, ingest: FakeIngest, camera: ftplib.FTP
) -> None:
    store(camera, "DSC_1.NEF", b"raw" * 100_000)
    store(camera, "DSC_1.JPG", photo())
    until(lambda: intake.files("out") == ["DSC_1.jpg"])
    assert "a RAW file or film is thrown away" in intake.log()
    assert len(ingest.posted) == 1
    assert not list(intake.folder.rglob("*.NEF"))


def test_upload_only(intake: IntakeProcess, camera: ftplib.FTP) -> None:
    intake.shelf("done").joinpath("secret.jpg").write_bytes(b"somebody's photo")
    store(camera, "half.part", b"x" * 100)
    for command in ("RETR half.part", "RETR ../done/secret.jpg", "LIST ../done"):
        with pytest.raises((ftplib.error_perm, ftplib.error_temp)):
            camera.retrbinary(command, lambda _: None)
    for command in ("DELE half.part", "RMD /", "CWD done", "SITE CHMOD 777 half.part"):
        with pytest.raises(ftplib.error_perm):
            camera.voidcmd(command)
    listed: list[str] = []
    camera.retrlines("LIST", listed.append)
    assert listed == []


def test_two_uploads_of_one_name_are_two_photos(
    intake: IntakeProcess, ingest: FakeIngest, camera: ftplib.FTP
) -> None:
    store(camera, "IMG.JPG", photo(1))
    store(camera, "IMG.JPG", photo(2))
    until(lambda: len(intake.files("out")) == 2)
    assert {posted.sha256 for posted in ingest.posted} == {
        sha256(photo(number)).hexdigest() for number in (1, 2)
    }


def test_a_camera_that_did_not_hear_that_it_has_arrived_sends_it_anew(
    intake: IntakeProcess, ingest: FakeIngest, camera: ftplib.FTP
) -> None:
    ingest.may_answer.clear()
    store(camera, "IMG.JPG", photo(1))
    until(lambda: len(ingest.posted) == 1)
    store(camera, "IMG.JPG", photo(1))
    ingest.may_answer.set()
    until(lambda: intake.files("done") == ["IMG.JPG"])
    store(camera, "IMG.JPG", photo(1))
    store(camera, "NEXT.JPG", photo(2))
    until(lambda: len(intake.files("out")) == 2)
    assert intake.files("out") == ["IMG.jpg", "NEXT.jpg"]
    assert intake.files(".ftp") == intake.files("in") == []


def test_one_sent_again_later_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = SlotFolders(tmp_path, SLOT)
    folders.create()
    upload = folders.ftp / "IMG.JPG"
    names = []
    for seconds in (120.0, 120.0, 0.0):
        monkeypatch.setattr("photobooth_daemon.intake.folders.SENT_ANEW_SECONDS", seconds)
        upload.write_bytes(photo())
        received = folders.receive(upload, upload.name)
        names.append(received and received.name)
    assert names == ["IMG.JPG", None, "IMG-2.JPG"]


def test_wrong_passwords_wait_ever_longer(intake: IntakeProcess) -> None:
    took_seconds = []
    for user, password in (("root", PASSWORD), (SLOT, "guess"), (SLOT, "guess")):
        camera = ftplib.FTP(timeout=30)
        camera.connect("127.0.0.1", intake.ftp_port)
        begun = time.monotonic()
        with pytest.raises(ftplib.error_perm):
            camera.login(user, password)
        took_seconds.append(time.monotonic() - begun)
        camera.close()
    assert took_seconds[2] > took_seconds[0] + 0.5


def test_one_address_cannot_take_all_connections(intake: IntakeProcess) -> None:
    held = []
    try:
        for _ in range(40):
            held.append(socket.create_connection(("127.0.0.1", intake.ftp_port), timeout=5))
        greetings = [connection.recv(100)[:3] for connection in held]
        assert greetings.count(b"220") == 16
        assert greetings.count(b"421") == 24
    finally:
        for connection in held:
            connection.close()


@pytest.mark.parametrize("required", [False, True])
def test_explicit_tls(tmp_path: Path, ingest: FakeIngest, required: bool) -> None:
    certificate, key = tmp_path / "ftp.pem", tmp_path / "ftp.key"
    make_certificate(certificate, key, "localhost")
    intake = IntakeProcess(
        tmp_path,
        ingest.url,
        ftp_tls_cert_file=f'"{certificate}"',
        ftp_tls_key_file=f'"{key}"',
        ftp_tls_required=str(required).lower(),
    )
    intake.start()
    try:
        context = ssl.create_default_context(cafile=str(certificate))
        context.check_hostname = False
        camera = ftplib.FTP_TLS(context=context, timeout=20)
        camera.connect("127.0.0.1", intake.ftp_port)
        camera.login(SLOT, PASSWORD)
        camera.prot_p()
        camera.storbinary("STOR IMG_1.JPG", io.BytesIO(photo()))
        until(lambda: intake.files("out") == ["IMG_1.jpg"])
        camera.close()
        if required:
            with pytest.raises(ftplib.error_perm):
                connect(intake)
        else:
            connect(intake).close()
    finally:
        intake.stop()


def test_an_upload_that_was_whole_when_the_intake_died_is_taken_up(
    tmp_path: Path, ingest: FakeIngest
) -> None:
    intake = IntakeProcess(tmp_path, ingest.url)
    (intake.shelf(".ftp") / "A").mkdir(parents=True)
    (intake.shelf(".ftp") / "A" / "whole.jpg").write_bytes(photo())
    (intake.shelf(".ftp") / "A" / "half.jpg").write_bytes(photo()[:200])
    intake.start()
    try:
        until(lambda: intake.files("out") == ["whole.jpg"])
        assert intake.files(".ftp") == ["A/half.jpg"]
    finally:
        intake.stop()
