"""Run the cluster, let one thing after the other fail, and judge: exit status 1 if it was wrong.

What could not be tried at all, because something did not start or did not come back, is told
apart from a promise that was broken: status 2, with what was waited for.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.cluster.cameras import Cameras
from tests.cluster.faults import FAULTS
from tests.cluster.installation import Installation
from tests.cluster.table import Stretch, printed
from tests.cluster.verdict import judge

LEAST_SECONDS = 5.0
"""Between two faults, where one took longer than its share of the time."""
KEPT, BROKEN, NOT_TRIED = 0, 1, 2
VERDICTS = {KEPT: "every promise was kept", BROKEN: "a promise was broken", NOT_TRIED: "not tried"}


async def run(installation: Installation, seconds: float, names: list[str]) -> bool:
    """Return whether every promise was kept."""
    begun = time.monotonic()
    async with installation:
        print(f"all hosts up after {time.monotonic() - begun:.0f} s", flush=True)
        cameras = Cameras(installation)
        sending = asyncio.create_task(cameras.run())
        stretches = [Stretch("none", 0.0)]
        for number, name in enumerate([*names, ""], 1):
            begins = number * seconds / (len(names) + 1)
            await asyncio.sleep(max(LEAST_SECONDS, begins - cameras.now()))
            if name:
                at = cameras.now()
                said = await FAULTS[name](installation)
                stretches.append(Stretch(name, at, said))
                print(f"{at:5.0f} s  {name}: {said}", flush=True)
        installation.doing = "wait for the last photos' answers"
        cameras.stop()
        await sending
        installation.doing = "judge"
        faults = await judge(installation, cameras.sent)
    print(f"\nload of this machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"\n{printed(stretches, cameras.sent, faults)}", flush=True)
    return not any(faults.values())


def attempt(folder: Path, seconds: float, names: list[str]) -> int:
    """Run it once, and return how that ended; what went wrong is told with where to look."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # PostgreSQL, where root runs us, passes through as another user
    installation = Installation(folder.resolve())
    try:
        status = KEPT if asyncio.run(run(installation, seconds, names)) else BROKEN
    except Exception:  # noqa: BLE001 - whatever kept it from being tried
        traceback.print_exc()
        print(f"\nNOT TRIED to its end: failed to {installation.doing}", flush=True)
        status = NOT_TRIED
    if status != KEPT:
        print("\nlogs and data are left there:")
        for log in installation.logs():
            print(f"    {log}")
        sys.stdout.flush()
    return status


def main() -> int:
    """Return 0 if nothing was lost, made twice, left over, wrong or late."""
    parser = argparse.ArgumentParser(prog="make cluster-test", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long, at least [300]")
    parser.add_argument("--times", type=int, default=1, help="how often, one after the other [1]")
    parser.add_argument(
        "--faults",
        default=",".join(FAULTS),
        help=f"what fails, in this order [{','.join(FAULTS)}]",
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave logs and data there")
    options = parser.parse_args()
    names = [name for name in options.faults.split(",") if name]
    if unknown := [name for name in names if name not in FAULTS]:
        parser.error(f"there is no fault {', '.join(unknown)}")
    logging.disable(logging.WARNING)
    statuses = []
    for number in range(1, options.times + 1):
        place = options.keep or Path(tempfile.mkdtemp(prefix="photobooth-cluster-"))
        folder = place / str(number) if options.keep and options.times > 1 else place
        statuses.append(attempt(folder, options.seconds, names))
        if statuses[-1] == KEPT and not options.keep:
            shutil.rmtree(place)
        print(f"run {number} of {options.times}: {VERDICTS[statuses[-1]]}\n", flush=True)
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main())
