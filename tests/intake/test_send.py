"""``photoboothctl send --ftp`` and ``--into`` against a real intake: each oddity by its name."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from photobooth_daemon.rehearsal.ftp_camera import FTP_HABITS
from photobooth_daemon.rehearsal.tethering import MANNERS
from tests.support import started
from tests.support.certificates import make_certificate
from tests.support.fake_ingest import FakeIngest, problem
from tests.support.intake_process import PASSWORD, SLOT, IntakeProcess, free_port
from tests.support.sample_pictures import jpeg, noise


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo that does not fit into one packet."""
    path = tmp_path / "IMG_0042.JPG"
    path.write_bytes(jpeg(noise(400, 300)))
    return path


def run(*arguments: Any, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    environment = {"PHOTOBOOTH_INGEST_PASSWORD": password}
    return started.run(started.CONTROL, "send", *arguments, environment=environment)


def by_ftp(intake: IntakeProcess, *arguments: Any, **options: Any) -> Any:
    return run("--ftp", f"127.0.0.1:{intake.ftp_port}", *arguments, **options)


@pytest.mark.parametrize("name", FTP_HABITS)
def test_every_kind_of_camera_gets_its_picture(
    intake: IntakeProcess, ingest: FakeIngest, photo: Path, name: str
) -> None:
    sent = by_ftp(intake, photo, "--as", name, "--out", intake.shelf("out"), "--json")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    said = json.loads(sent.stdout)
    assert (said["pictures"], said["shots"][0]["outcome"]) == (1, "picture")
    digest = sha256(photo.read_bytes()).hexdigest()
    assert [(posted.slot, posted.sha256) for posted in ingest.posted] == [(SLOT, digest)]
    assert intake.files("out") == ["IMG_0042.jpg"]
    half = name in ("resuming", "appending", "restarting")
    assert ("cut off" in intake.log()) == half


@pytest.mark.parametrize("manner", MANNERS)
def test_a_tethering_program_gets_its_picture(
    intake: IntakeProcess, ingest: FakeIngest, photo: Path, manner: str
) -> None:
    options = ("--as", manner, "--upload-kbps", "100", "--out", intake.shelf("out"))
    sent = run(photo, "--into", intake.shelf("in"), *options)
    assert sent.returncode == 0, sent.stderr
    assert "IMG_0042.JPG: picture" in sent.stderr
    digest = sha256(photo.read_bytes()).hexdigest()
    assert [posted.sha256 for posted in ingest.posted] == [digest]


def test_active_and_encrypted(tmp_path: Path, ingest: FakeIngest, photo: Path) -> None:
    certificate, key = tmp_path / "ftp.pem", tmp_path / "ftp.key"
    make_certificate(certificate, key, "localhost")
    intake = IntakeProcess(
        tmp_path,
        ingest.url,
        ftp_tls_cert_file=f'"{certificate}"',
        ftp_tls_key_file=f'"{key}"',
        ftp_tls_required="true",
    )
    intake.start()
    try:
        plain = by_ftp(intake, photo)
        assert "not sent: refused (550" in plain.stderr
        unknown = by_ftp(intake, photo, "--ftps")
        assert "unreachable" in unknown.stderr
        options = ("--ftps", "--insecure", "--active", "--out", intake.shelf("out"))
        sent = by_ftp(intake, photo, *options)
        assert sent.returncode == 0, sent.stderr
    finally:
        intake.stop()


def test_many_cameras_have_names_of_their_own(intake: IntakeProcess, photo: Path) -> None:
    options = ("--as", "canon", "--cameras", "3", "--strip", "2", "--slot", "s2")
    sent = by_ftp(intake, photo, *options, "--out", intake.shelf("out", "slot-002"), "--json")
    assert sent.returncode == 0, sent.stdout
    names = [f"IMG_0042_{camera:02d}{n:04d}.jpg" for camera in (1, 2, 3) for n in (1, 2)]
    assert intake.files("out", "slot-002") == names


def test_without_out_nothing_is_waited_for(
    intake: IntakeProcess, ingest: FakeIngest, photo: Path
) -> None:
    ingest.may_answer.clear()
    sent = by_ftp(intake, photo)
    assert sent.returncode == 0, sent.stderr
    assert "IMG_0042.JPG: sent" in sent.stderr
    assert "sent               1" in sent.stdout


def test_what_goes_wrong_is_said(intake: IntakeProcess, ingest: FakeIngest, photo: Path) -> None:
    ingest.answers = [problem(422, "invalid_image")]
    refused = by_ftp(intake, photo, "--out", intake.shelf("out"))
    assert refused.returncode == 1
    assert "IMG_0042.JPG: use original: invalid_image" in refused.stderr
    wrong = by_ftp(intake, photo, password="guess")
    assert "refused (530" in wrong.stderr
    assert wrong.returncode == 1
    nobody = run("--ftp", f"127.0.0.1:{free_port()}", photo)
    assert nobody.returncode == 3


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--as", "canon"], "goes with --ftp or --into"),
        (["--ftp", "x", "--url", "http://x/"], "--url is for cameras that post"),
        (["--ftp", "x", "--into", "."], "not both"),
        (["--ftp", "x", "--as", "in-place"], "choose one of plain"),
        (["--into", ".", "--as", "canon"], "choose one of renaming"),
        (["--ftp", "x:y"], "host:port"),
    ],
)
def test_options_that_do_not_fit_are_refused(photo: Path, options: list[str], word: str) -> None:
    refused = run(photo, *options)
    assert refused.returncode == 2, refused.stderr
    assert word in " ".join(refused.stderr.split())
