"""Run the cluster, let one thing after the other fail, and judge: exit status 1 if it was wrong."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

from tests.cluster.cameras import Cameras
from tests.cluster.faults import FAULTS
from tests.cluster.installation import Installation
from tests.cluster.table import Stretch, printed
from tests.cluster.verdict import judge

LEAST_SECONDS = 5.0
"""Between two faults, where one took longer than its share of the time."""


async def run(folder: Path, seconds: float, names: list[str]) -> bool:
    """Return whether every promise was kept."""
    async with Installation(folder) as installation:
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
        cameras.stop()
        await sending
        faults = await judge(installation, cameras.sent)
    print(f"\nload of this machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"\n{printed(stretches, cameras.sent, faults)}")
    return not any(faults.values())


def main() -> int:
    """Return 0 if nothing was lost, made twice, left over, wrong or late."""
    parser = argparse.ArgumentParser(prog="make cluster-test", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long, at least [300]")
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
    with tempfile.TemporaryDirectory(prefix="photobooth-cluster-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)  # PostgreSQL, where root runs us, passes through as another user
        return 0 if asyncio.run(run(folder.resolve(), options.seconds, names)) else 1


if __name__ == "__main__":
    sys.exit(main())
