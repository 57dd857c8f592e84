"""The package on a booted machine, from its installation to its purge, in this order.

Runs as root inside the machine that tests/boot/run boots; standard library and
the package's own dependencies only. Each check stands on the ones before it,
so the first that fails ends the run.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable

import installation
import restarts
import serving
from given import PAYLOAD

CHECKS: tuple[Callable[[], str | None], ...] = (
    installation.installs_without_a_database_and_says_what_to_run,
    installation.recovers_alone_when_the_database_comes,
    installation.purges_and_installs_with_a_database,
    installation.systemd_has_nothing_to_say,
    serving.first_photo_by_the_words_of_the_readme,
    serving.a_web_server_in_the_group_reads_pictures_and_nothing_else,
    serving.the_process_figures_are_there,
    serving.a_rotated_password_is_in_force_at_once,
    serving.a_large_webp_finds_its_process_within_the_units_limits,
    serving.a_key_in_the_credentials_reaches_the_service_alone,
    restarts.ten_restarts_under_load_refuse_no_photo,
    restarts.the_button_of_the_health_page_restarts_the_service,
    restarts.a_reload_keeps_the_process,
    restarts.kill_9_is_followed_by_a_start,
    restarts.a_frozen_daemon_is_replaced_by_the_watchdog,
    restarts.several_processes_serve_one_port,
    serving.the_intake_takes_photos_by_ftp_once_it_is_enabled,
    serving.the_timer_removes_only_what_expired,
    installation.an_upgrade_keeps_serving,
    installation.the_way_back_of_the_manual_works,
    installation.removing_keeps_what_was_made,
    installation.purging_leaves_nothing_but_the_database,
)


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
