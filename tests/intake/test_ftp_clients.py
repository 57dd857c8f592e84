"""Other people's FTP clients, in every way that a camera may be set to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.certificates import make_certificate
from tests.support.ftp_server import ftp_server, large_photo
from tests.support.intake_process import PASSWORD, SLOT

WAYS = ("passive", "active", "encrypted")


def by_curl(way: str, photo: Path, port: int, certificate: Path) -> list[str]:
    options = {
        "passive": [],
        "active": ["--ftp-port", "-"],
        "encrypted": ["--ssl-reqd", "--cacert", str(certificate)],
    }[way]
    login = ["-u", f"{SLOT}:{PASSWORD}"]
    return ["curl", "-sS", *options, "-T", str(photo), *login, f"ftp://localhost:{port}/"]


def by_lftp(way: str, photo: Path, port: int, certificate: Path) -> list[str]:
    settings = {
        "passive": ["ftp:ssl-allow no"],
        "active": ["ftp:ssl-allow no", "ftp:passive-mode no"],
        "encrypted": [
            "ftp:ssl-force yes",
            "ftp:ssl-protect-data yes",
            f"ssl:ca-file {certificate}",
            "ssl:check-hostname no",
        ],
    }[way]
    server = f'open -u "{SLOT},{PASSWORD}" ftp://localhost:{port}/'
    # Its settings first: it connects as soon as it has an address.
    said = [*(f"set {one}" for one in settings), server, f"put {photo}"]
    return ["lftp", "-c", " && ".join(said)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("client", [by_curl, by_lftp], ids=["curl", "lftp"])
def test_a_photo_arrives_whole(
    tmp_path: Path, way: str, client: Callable[[str, Path, int, Path], list[str]]
) -> None:
    photo = tmp_path / "IMG_7.JPG"
    photo.write_bytes(large_photo())
    certificate, key = tmp_path / "ftp.pem", tmp_path / "ftp.key"
    make_certificate(certificate, key, "localhost")
    wanted = (certificate, key) if way == "encrypted" else None
    with ftp_server(tmp_path / "booth", certificate=wanted) as server:
        command = client(way, photo, server.port, certificate)
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed")
        subprocess.run(command, check=True, timeout=60)
        assert server.arrived == [("IMG_7.JPG", photo.read_bytes())]


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_is_told_to_them(tmp_path: Path, way: str) -> None:
    photo = tmp_path / "IMG_7.JPG"
    photo.write_bytes(large_photo())
    certificate, key = tmp_path / "ftp.pem", tmp_path / "ftp.key"
    make_certificate(certificate, key, "localhost")
    wanted = (certificate, key) if way == "encrypted" else None
    with ftp_server(tmp_path / "booth", certificate=wanted, min_free_bytes=1 << 60) as server:
        command = by_curl(way, photo, server.port, certificate)
        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
        told = subprocess.run(
            [*command, "-v"], check=False, capture_output=True, text=True, timeout=60
        )
        assert told.returncode != 0
        assert "452 The disk is full: the photo was not taken." in told.stderr
