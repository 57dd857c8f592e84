"""The package: installed, upgraded, taken back, removed and purged."""

from __future__ import annotations

import time
from pathlib import Path

from given import CONFIG, NEXT_PASSWORD, PAYLOAD, SMALL
from machine import SERVICE, STATE_DIR, Cameras, ask, is_ready, run, send, sql, unit, until

START_OF_CLEANUP = (
    *("--timestamp=unix", "--value", "--property=ExecMainStartTimestamp"),
    "photobooth-cleanup.service",
)
QUARTER = 900
LONGEST_INSTALL_SECONDS = 300  # an emulated processor compiles slowly


def install(deb: str, *options: str) -> str:
    return run("apt-get", "install", "--yes", *options, PAYLOAD / deb)


def installs_without_a_database_and_says_what_to_run() -> str:
    run("systemctl", "stop", "postgresql.service", "postgresql@*.service")
    started = time.monotonic()
    said = install("first.deb")
    seconds = time.monotonic() - started
    assert "photoboothctl setup-database" in said, said
    assert unit("photobooth-daemon.socket") == "active"
    assert seconds < LONGEST_INSTALL_SECONDS
    return f"{seconds:.1f} s"


def recovers_alone_when_the_database_comes() -> None:
    run("systemctl", "start", "postgresql.service")
    until("PostgreSQL answers", lambda: "1" in run("pg_lsclusters", "-h"))
    run("photoboothctl", "setup-database")
    run("systemctl", "restart", SERVICE)
    until("the daemon is ready", is_ready)


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
