"""The package on a booted machine, from its installation to its purge, in this order.

Runs as root inside the machine that tests/boot/run boots; standard library and
the package's own dependencies only. Each check stands on the ones before it,
so the first that fails ends the run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from machine import (
    SERVICE,
    STATE_DIR,
    Cameras,
    ask,
    is_ready,
    photo,
    run,
    send,
    sql,
    unit,
    until,
)
from manual import commands_under, type_in

PAYLOAD = Path("/payload")
DOCUMENTS = Path("/usr/share/doc/photobooth-daemon")
CONFIG = Path("/etc/photobooth-daemon/photobooth.toml")
PASSWORD = "boot-test-password"
NEXT_PASSWORD = "another-password"
ADMIN_PASSWORD = "a-long-password"
PASSWORDS = {
    "New password for serg": ADMIN_PASSWORD,
    "New ingest password": PASSWORD,
    "Ingest password": PASSWORD,
}
START_OF_CLEANUP = (
    *("--timestamp=unix", "--value", "--property=ExecMainStartTimestamp"),
    "photobooth-cleanup.service",
)
QUARTER = 900
RESTARTS = 10
LONGEST_INSTALL_SECONDS = 300  # an emulated processor compiles slowly
PICTURE = photo()
SMALL = photo(640)
CHECKS: list[Callable[[], str | None]] = []


def check(function: Callable[[], str | None]) -> Callable[[], str | None]:
    CHECKS.append(function)
    return function


def install(deb: str, *options: str) -> str:
    return run("apt-get", "install", "--yes", *options, PAYLOAD / deb)


@check
def installs_without_a_database_and_says_what_to_run() -> str:
    run("systemctl", "stop", "postgresql.service", "postgresql@*.service")
    started = time.monotonic()
    said = install("first.deb")
    seconds = time.monotonic() - started
    assert "photoboothctl setup-database" in said, said
    assert unit("photobooth-daemon.socket") == "active"
    assert seconds < LONGEST_INSTALL_SECONDS
    return f"{seconds:.1f} s"


@check
def recovers_alone_when_the_database_comes() -> None:
    run("systemctl", "start", "postgresql.service")
    until("PostgreSQL answers", lambda: "1" in run("pg_lsclusters", "-h"))
    run("photoboothctl", "setup-database")
    run("systemctl", "restart", SERVICE)
    until("the daemon is ready", is_ready)


@check
def purges_and_installs_with_a_database() -> None:
    run("apt-get", "purge", "--yes", "photobooth-daemon")
    run("runuser", "-u", "postgres", "--", "dropdb", "photobooth")
    run("runuser", "-u", "postgres", "--", "dropuser", "photobooth-daemon")
    begun = time.time()
    said = install("first.deb")
    assert "created the role photobooth-daemon" in said, said
    assert "applied 0001_initial" in said, said
    until("the daemon is ready", is_ready)
    for name in (SERVICE, "photobooth-daemon.socket", "photobooth-cleanup.timer"):
        assert unit(name) == "active", name
        assert run("systemctl", "is-enabled", name).strip() == "enabled"
    # The installation starts none; by its calendar one may have come due meanwhile.
    started = run("systemctl", "show", *START_OF_CLEANUP).strip().removeprefix("@")
    assert started == "" or float(started) // QUARTER > begun // QUARTER, started
    assert run("stat", "-c", "%a %U %G", STATE_DIR).split() == ["750", *["photobooth-daemon"] * 2]
    assert run("stat", "-c", "%a %U %G", CONFIG).split() == ["640", "photobooth-daemon", "root"]
    assert "nothing to do" in run("photoboothctl", "setup-database")


@check
def systemd_has_nothing_to_say() -> str:
    names = [SERVICE, "photobooth-daemon.socket", "photobooth-cleanup.service"]
    said = run("systemd-analyze", "verify", "--man=no", *names, "photobooth-cleanup.timer")
    assert said == "", said
    exposures = []
    for name in (SERVICE, "photobooth-cleanup.service"):
        said = run("systemd-analyze", "security", "--no-pager", "--threshold=12", name)
        exposures.append(said.split("level for")[1].split(":")[1].split()[0])
    assert run("systemctl", "--failed", "--quiet", "--no-legend", "--plain") == ""
    return f"exposure {' and '.join(exposures)}"


@check
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


@check
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


@check
def the_process_figures_are_there() -> None:
    figures = ask("GET", "/metrics").body.decode()
    for name in ("process_resident_memory_bytes", "process_open_fds", "photobooth_ingest_total"):
        assert re.search(rf"(?m)^{name}", figures), name


@check
def a_rotated_password_is_in_force_at_once() -> None:
    run(
        "photoboothctl", "settings", "rotate-ingest-password", "--stdin",
        stdin=f"{NEXT_PASSWORD}\n",
    )  # fmt: skip
    assert send(PASSWORD, SMALL).status == 401
    assert send(NEXT_PASSWORD, SMALL).status == 200


@check
def a_large_webp_finds_its_process_within_the_units_limits() -> None:
    assert send(NEXT_PASSWORD, photo(3000, "WEBP")).status == 200


@check
def a_key_in_the_credentials_reaches_the_service_alone() -> None:
    key = Path("/etc/photobooth-daemon/credentials/gemini_api_key")
    key.write_text("a-key-of-the-boot-test\n", "utf-8")
    key.chmod(0o600)
    run("systemctl", "restart", SERVICE)
    until("the daemon is ready", is_ready)
    token = ask(
        "POST",
        "/api/login",
        json.dumps({"username": "serg", "password": ADMIN_PASSWORD}).encode(),
        {"Content-Type": "application/json"},
    ).json()["token"]
    settings = ask("GET", "/api/settings", headers={"Authorization": f"Bearer {token}"}).json()
    gemini = settings["providers"]["gemini"]
    assert gemini == {"configured": True, "source": "credential"}, gemini
    shown = run("photoboothctl", "config", "show")
    assert "gemini" in shown
    assert "a-key-of" not in shown + run("journalctl", "--no-pager", "--boot")


@check
def ten_restarts_under_load_refuse_no_photo() -> str:
    pids = set()
    with Cameras(NEXT_PASSWORD, SMALL) as cameras:
        for _ in range(RESTARTS):
            cameras.wait_for_more()
            run("systemctl", "restart", SERVICE)
            pids.add(unit(property_name="MainPID"))
        cameras.wait_for_more()
    cameras.expect_all_served()
    assert len(pids) == RESTARTS
    return f"{len(cameras.answers)} photos, longest {cameras.longest_seconds:.1f} s"


@check
def a_reload_keeps_the_process() -> None:
    pid = unit(property_name="MainPID")
    with Cameras(NEXT_PASSWORD, SMALL, number=2) as cameras:
        cameras.wait_for_more()
        run("systemctl", "reload", SERVICE)
        cameras.wait_for_more()
    cameras.expect_all_served()
    assert unit(property_name="MainPID") == pid


@check
def kill_9_is_followed_by_a_start() -> str:
    started = time.monotonic()
    pid = replaced_after(signal.SIGKILL)
    assert send(NEXT_PASSWORD, SMALL).status == 200
    return f"served again after {time.monotonic() - started:.1f} s as {pid}"


@check
def a_frozen_daemon_is_replaced_by_the_watchdog() -> str:
    drop_in("WatchdogSec=5")
    started = time.monotonic()
    replaced_after(signal.SIGSTOP)
    seconds = time.monotonic() - started
    assert send(NEXT_PASSWORD, SMALL).status == 200
    assert "watchdog" in run("journalctl", "--no-pager", "--boot", f"--unit={SERVICE}").lower()
    drop_in(None)
    return f"after {seconds:.1f} s of a 5 s watchdog"


@check
def several_processes_serve_one_port() -> None:
    with_processes(2)
    workers = run("systemctl", "status", "--no-pager", "--full", SERVICE).count("--worker")
    assert workers == 2, workers
    with Cameras(NEXT_PASSWORD, SMALL) as cameras:
        cameras.wait_for_more(20)
        run("systemctl", "restart", SERVICE)
        cameras.wait_for_more()
    cameras.expect_all_served()
    with_processes(1)


@check
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


@check
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


@check
def an_upgrade_keeps_serving() -> str:
    edited = CONFIG.read_text("utf-8") + "\n# edited by the administrator\n"
    CONFIG.write_text(edited, "utf-8")
    before = send(NEXT_PASSWORD, SMALL).json()["job_id"]
    assert "an event is under way" not in install("first.deb", "--reinstall")
    now = time.time()
    begins, ends = (
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + hours * 3600)) for hours in (-1, 3)
    )
    evening = ("name=Wedding of the boot test", f"starts={begins}", f"ends={ends}", "slots=1")
    run("photoboothctl", "event", "set", "new", *evening)
    assert "Wedding of the boot test" in run("photoboothctl", "check", ok=False)
    with Cameras(NEXT_PASSWORD, SMALL) as cameras:
        cameras.wait_for_more()
        said = install("next.deb")
        cameras.wait_for_more()
    cameras.expect_all_served()
    assert "applied 9000_widen" in said, said
    assert "WARNING: an event is under way" in said, said
    assert "Wedding of the boot test" in said, said
    assert CONFIG.read_text("utf-8") == edited
    assert list((STATE_DIR / "snapshots").glob("before-migration-*.dump"))
    assert sql("SELECT max(number) FROM schema_migration") == "9000"
    assert ask("GET", f"/public/results/{before}").status == 200
    return f"{len(cameras.answers)} photos, longest {cameras.longest_seconds:.1f} s"


@check
def the_way_back_of_the_manual_works() -> None:
    (snapshot,) = (STATE_DIR / "snapshots").glob("before-migration-*.dump")
    units = ["photobooth-daemon.socket", SERVICE, "photobooth-cleanup.timer"]
    run("systemctl", "stop", *units)
    postgres = ("runuser", "-u", "postgres", "--")
    run(*postgres, "dropdb", "photobooth")
    run(
        *postgres, "createdb", "--owner=photobooth-daemon", "--encoding=UTF8",
        "--template=template0", "photobooth",
    )  # fmt: skip
    run(
        "runuser", "-u", "photobooth-daemon", "--", "pg_restore", "--no-owner", "--exit-on-error",
        "--dbname=photobooth", snapshot,
    )  # fmt: skip
    (STATE_DIR / "audit.head").unlink(missing_ok=True)
    install("first.deb", "--allow-downgrades")
    run("systemctl", "start", *units)
    until("the daemon is ready", is_ready)
    assert send(NEXT_PASSWORD, SMALL).status == 200


@check
def removing_keeps_what_was_made() -> None:
    kept = send(NEXT_PASSWORD, SMALL).json()["job_id"]
    run("apt-get", "remove", "--yes", "photobooth-daemon")
    for name in (SERVICE, "photobooth-daemon.socket", "photobooth-cleanup.timer"):
        assert unit(name) in ("inactive", "failed"), name
    assert list((STATE_DIR / "media/results").rglob(f"*{kept}*"))
    install("first.deb")
    until("the daemon is ready", is_ready)
    assert ask("GET", f"/public/results/{kept}").status == 200
    assert send(NEXT_PASSWORD, SMALL).status == 200


@check
def purging_leaves_nothing_but_the_database() -> None:
    said = run("apt-get", "purge", "--yes", "photobooth-daemon")
    assert "dropdb" in said, said
    left = [
        path
        for place in (
            "/etc/photobooth-daemon",
            "/var/lib/photobooth-daemon",
            "/run/photobooth-daemon",
            "/usr/lib/python3/dist-packages/photobooth_daemon",
            "/lib/systemd/system/photobooth-daemon.service",
            "/etc/systemd/system/multi-user.target.wants/photobooth-daemon.service",
            "/var/lib/systemd/deb-systemd-helper-enabled/photobooth-daemon.service.dsh-also",
        )
        for path in (Path(place), *Path(place).rglob("*"))
        if path.exists()
    ]
    assert left == []
    assert sql("SELECT count(*) > 0 FROM job_history") == "t"
    assert run("systemctl", "--failed", "--quiet", "--no-legend", "--plain") == ""


def replaced_after(signum: signal.Signals) -> int:
    """Send the signal to the daemon's first process and return the one that follows it."""
    pid = int(unit(property_name="MainPID"))
    os.kill(pid, signum)
    until("another process serves", lambda: int(unit(property_name="MainPID")) not in (0, pid))
    until("the daemon is ready", is_ready)
    return int(unit(property_name="MainPID"))


def drop_in(line: str | None) -> None:
    """Put one directive of the service in force for a while, or take it away."""
    path = Path(f"/run/systemd/system/{SERVICE}.d/boot-test.conf")
    if line is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[Service]\n{line}\n", "utf-8")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", SERVICE)
    until("the daemon is ready", is_ready)


def with_processes(number: int) -> None:
    text = re.sub(r"(?m)^#?processes = .*$", f"processes = {number}", CONFIG.read_text("utf-8"))
    CONFIG.write_text(text, "utf-8")
    run("photoboothctl", "config", "check")
    run("systemctl", "restart", SERVICE)
    until("the daemon is ready", is_ready)


def main() -> None:
    verdict = "passed"
    with (PAYLOAD / "results").open("w", encoding="utf-8", buffering=1) as results:
        for function in CHECKS:
            name, started = function.__name__.replace("_", " "), time.monotonic()
            try:
                note = function()
            except BaseException:  # noqa: BLE001 - whatever it was, it is the verdict
                verdict = "failed"
                results.write(f"FAILED  {name}\n{traceback.format_exc()}\n")
                break
            seconds = time.monotonic() - started
            results.write(f"ok {seconds:6.1f} s  {name}{f' ({note.strip()})' if note else ''}\n")
    (PAYLOAD / "verdict").write_text(verdict, "utf-8")
    sys.exit(verdict != "passed")


if __name__ == "__main__":
    main()
