"""What fails in turn: a file each, with ``happen`` that returns what was done, in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.cluster.faults import drain, failover, full, kill, store
from tests.cluster.installation import Installation

Fault = Callable[[Installation], Awaitable[str]]

FAULTS: dict[str, Fault] = {
    "kill": kill.happen,
    "drain": drain.happen,
    "failover": failover.happen,
    "store": store.happen,
    "full": full.happen,
}
