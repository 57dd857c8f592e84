"""The service: restarted, reloaded, killed, frozen, and in several processes."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from given import ADMIN_PASSWORD, CONFIG, NEXT_PASSWORD, SMALL
from machine import SERVICE, Cameras, ask, is_ready, log_in, run, send, unit, until

RESTARTS = 10


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


def the_button_of_the_health_page_restarts_the_service() -> None:
    pid = unit(property_name="MainPID")
    with Cameras(NEXT_PASSWORD, SMALL, number=2) as cameras:
        cameras.wait_for_more()
        assert ask("POST", "/api/restart", headers=log_in(ADMIN_PASSWORD)).status == 204
        until("another process serves", lambda: unit(property_name="MainPID") not in ("0", pid))
        cameras.wait_for_more()
    cameras.expect_all_served()


def a_reload_keeps_the_process() -> None:
    pid = unit(property_name="MainPID")
    with Cameras(NEXT_PASSWORD, SMALL, number=2) as cameras:
        cameras.wait_for_more()
        run("systemctl", "reload", SERVICE)
        cameras.wait_for_more()
    cameras.expect_all_served()
    assert unit(property_name="MainPID") == pid


def kill_9_is_followed_by_a_start() -> str:
    started = time.monotonic()
    pid = replaced_after(signal.SIGKILL)
    assert send(NEXT_PASSWORD, SMALL).status == 200
    return f"served again after {time.monotonic() - started:.1f} s as {pid}"


def a_frozen_daemon_is_replaced_by_the_watchdog() -> str:
    drop_in("WatchdogSec=5")
    started = time.monotonic()
    replaced_after(signal.SIGSTOP)
    seconds = time.monotonic() - started
    assert send(NEXT_PASSWORD, SMALL).status == 200
    assert "watchdog" in run("journalctl", "--no-pager", "--boot", f"--unit={SERVICE}").lower()
    drop_in(None)
    return f"after {seconds:.1f} s of a 5 s watchdog"


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
