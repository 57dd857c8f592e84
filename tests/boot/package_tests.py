"""debian/tests, run by Debian's own autopkgtest on the booted machine.

The machine is made for this run and thrown away, so the isolation that the tests ask for is there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

PAYLOAD = Path("/payload")
OUTPUT = PAYLOAD / "autopkgtest"


def main() -> None:
    started = time.monotonic()
    command = [
        "autopkgtest",
        f"--output-dir={OUTPUT}",
        "--ignore-restrictions=isolation-container",
        str(PAYLOAD / "first.deb"),
        str(PAYLOAD / "source") + "/",
        "--",
        "null",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    summary = OUTPUT / "summary"
    said = summary.read_text("utf-8") if summary.exists() else done.stdout + done.stderr
    (PAYLOAD / "results").write_text(
        f"{said.rstrip()}\n{time.monotonic() - started:.1f} s, status {done.returncode}\n", "utf-8"
    )
    if done.returncode != 0:
        with (PAYLOAD / "results").open("a", encoding="utf-8") as results:
            results.write(done.stdout[-8000:] + done.stderr[-8000:])
    (PAYLOAD / "verdict").write_text("failed" if done.returncode else "passed", "utf-8")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
