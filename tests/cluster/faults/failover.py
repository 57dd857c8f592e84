"""PostgreSQL's primary is killed; whoever watches over it promotes the standby."""

from __future__ import annotations

import asyncio
import time

from tests.cluster.installation import Installation
from tests.support.postgres_pair import kill

NOTICED_SECONDS = 2.0
"""Until the studio's repmgr, Patroni or administrator has found out."""


async def happen(installation: Installation) -> str:
    begun = time.monotonic()
    kill(installation.postgres.primary)
    await asyncio.sleep(NOTICED_SECONDS)
    await installation.promote()
    promoted = time.monotonic()
    await installation.wait_until_up()
    return (
        f"the primary killed, the standby promoted after {promoted - begun:.1f} s; "
        f"all hosts up {time.monotonic() - promoted:.1f} s later"
    )
