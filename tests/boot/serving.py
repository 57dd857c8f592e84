"""What the installed daemon does: photos, passwords, figures, the intake, the cleanup."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from pathlib import Path

from given import ADMIN_PASSWORD, CONFIG, NEXT_PASSWORD, PASSWORD, PAYLOAD, PICTURE, SMALL
from machine import SERVICE, STATE_DIR, ask, is_ready, log_in, photo, run, send, sql, unit, until
from manual import commands_under, type_in

DOCUMENTS = Path("/usr/share/doc/photobooth-daemon")
PASSWORDS = {
    "New password for serg": ADMIN_PASSWORD,
    "New ingest password": PASSWORD,
    "Ingest password": PASSWORD,
}


def first_photo_by_the_words_of_the_readme() -> str:
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        shutil.copy(PAYLOAD / "first.deb", here / "photobooth-daemon_0.1.0_all.deb")
        (here / "photo.jpg").write_bytes(PICTURE)
        for line in commands_under("## Install it", DOCUMENTS / "README.md"):
            type_in(line, here, PASSWORDS)
        saved = list((here / "pictures").iterdir())
        assert [path.suffix for path in saved] == [".jpg"], saved
        for line in commands_under("### The first photo", DOCUMENTS / "ops.md"):
            said = type_in(line, here, PASSWORDS)
        assert re.search(r"pictures +1\s", said), said
        assert re.search(r"use original +0\s", said), said
    started = time.monotonic()
    answer = send(PASSWORD, PICTURE, query="?response=image")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "image/jpeg"
    owners = {path.owner() for path in STATE_DIR.rglob("*")}
    assert owners == {"photobooth-daemon"}, owners
    return f"{time.monotonic() - started:.2f} s"


def a_web_server_in_the_group_reads_pictures_and_nothing_else() -> None:
    places = (STATE_DIR, CONFIG.parent)
    as_www_data = ("setpriv", "--reuid=www-data", "--regid=www-data")
    search = ("find", *places, "-type", "f", "-readable")
    found = run(*as_www_data, "--groups=photobooth-daemon", *search, ok=False).splitlines()
    readable = {Path(line) for line in found if line.startswith("/")}
    pictures = set((STATE_DIR / "media/results").rglob("result.*"))
    assert pictures
    assert pictures <= readable
    assert [path for path in readable if STATE_DIR / "media" not in path.parents] == []


def the_process_figures_are_there() -> None:
    figures = ask("GET", "/metrics").body.decode()
    for name in ("process_resident_memory_bytes", "process_open_fds", "photobooth_ingest_total"):
        assert re.search(rf"(?m)^{name}", figures), name


def a_rotated_password_is_in_force_at_once() -> None:
    run(
        "photoboothctl", "settings", "rotate-ingest-password", "--stdin",
        stdin=f"{NEXT_PASSWORD}\n",
    )  # fmt: skip
    assert send(PASSWORD, SMALL).status == 401
    assert send(NEXT_PASSWORD, SMALL).status == 200


def a_large_webp_finds_its_process_within_the_units_limits() -> None:
    assert send(NEXT_PASSWORD, photo(3000, "WEBP")).status == 200


def a_key_in_the_credentials_reaches_the_service_alone() -> None:
    key = Path("/etc/photobooth-daemon/credentials/gemini_api_key")
    key.write_text("a-key-of-the-boot-test\n", "utf-8")
    key.chmod(0o600)
    run("systemctl", "restart", SERVICE)
    until("the daemon is ready", is_ready)
    settings = ask("GET", "/api/settings", headers=log_in(ADMIN_PASSWORD)).json()
    gemini = settings["providers"]["gemini"]
    assert gemini == {"configured": True, "source": "credential"}, gemini
    shown = run("photoboothctl", "config", "show")
    assert "gemini" in shown
    assert "a-key-of" not in shown + run("journalctl", "--no-pager", "--boot")


def the_intake_takes_photos_by_ftp_once_it_is_enabled() -> str:
    name = "photobooth-intake.service"
    folders = Path("/var/lib/photobooth-intake/slot-001")
    assert unit(name) == "inactive"
    credential = Path("/etc/photobooth-daemon/credentials/ingest_password")
    run("install", "-m", "600", "/dev/stdin", credential, stdin=f"{NEXT_PASSWORD}\n")
    run("systemctl", "enable", "--now", name)
    assert "slot-001" in run("photoboothctl", "intake", "status")
    with tempfile.TemporaryDirectory() as here:
        path = Path(here, "DSC_0001.JPG")
        path.write_bytes(SMALL)
        started = time.monotonic()
        # By a file, as the password is kept out of the list of processes.
        login = f'user = "slot-001:{NEXT_PASSWORD}"\n'
        upload = ("curl", "--silent", "--show-error", "--config", "-", "--upload-file", path)
        run(*upload, "ftp://127.0.0.1:2121/", stdin=login)
    picture = folders / "out/DSC_0001.jpg"
    until("the picture is in out/", picture.is_file)
    seconds = time.monotonic() - started
    assert picture.read_bytes().startswith(b"\xff\xd8")
    until("the photo is in done/", (folders / "done/DSC_0001.JPG").is_file)
    assert picture.owner() == picture.group() == "photobooth-daemon"
    kill = ("systemctl", "kill", "--signal=SIGKILL", "--kill-whom=main", name)
    pid = unit(name, "MainPID")
    run(*kill)
    until("it is started again", lambda: unit(name, "MainPID") not in (pid, "0"))
    until("it takes photos up", lambda: unit(name) == "active")
    assert run("systemd-analyze", "verify", "--man=no", name) == ""
    run("systemctl", "disable", "--now", name)
    credential.unlink()
    run("systemctl", "restart", SERVICE)
    until("the daemon is ready", is_ready)
    return f"{seconds:.1f} s"


def the_timer_removes_only_what_expired() -> str:
    gone, kept = (send(NEXT_PASSWORD, SMALL).json()["job_id"] for _ in range(2))
    sql(f"UPDATE media_object SET expires_at = now() - interval '1 minute' WHERE job_id = '{gone}'")
    sql(
        "UPDATE job_history SET result_expires_at = now() - interval '1 minute'"
        f" WHERE job_id = '{gone}'"
    )
    runtime = Path("/run/systemd/system/photobooth-cleanup.timer.d/often.conf")
    runtime.parent.mkdir(parents=True, exist_ok=True)
    runtime.write_text(
        "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/5\nRandomizedDelaySec=0\nAccuracySec=1s\n", "utf-8"
    )
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "photobooth-cleanup.timer")
    results = STATE_DIR / "media/results"
    until("the expired result is removed", lambda: not list(results.rglob(f"*{gone}*")))
    runtime.unlink()
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "photobooth-cleanup.timer")
    assert ask("GET", f"/public/results/{gone}").status == 410
    assert ask("GET", f"/public/results/{kept}").status == 200
    assert unit("photobooth-cleanup.service", "Result") == "success"
    return run("systemctl", "show", "-P", "ExecMainExitTimestamp", "photobooth-cleanup.service")
